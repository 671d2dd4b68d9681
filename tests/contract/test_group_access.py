"""Whatever companies, launches, groups and dossiers there are: no call answers with what the rule does not allow.

And a list, a search and the search for one dossier answer with all that it does.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.clock import wall_clock
from common.errors import NotFound
from common.sql import Database
from dossier.access import Allowed, Caller, Held, Kind, decide
from dossier.groups.model import Asked, Group, GroupDossier, new_id
from dossier.groups.records.store_sql import SqlGroupDossiers
from dossier.groups.records.words import searched_words
from dossier.groups.service import Groups
from dossier.groups.store_sql import SqlGroups
from keys.sealing import Sealer
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.groups import Person
from schemas.identifiers import Bsn, CompanyId, GroupDossierId, GroupId, LaunchId, Pseudoniem
from tests.support.databases import open_migrated
from tests.support.memory import MemoryAudit

SEALER = Sealer(bytes([7] * 32))
NAMES = ("john", "Zoë", "doe", "van Doe", None)
BOUNDED = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Placed:
    """A dossier by numbers: in which of four groups, of which two are each company's, and on which patient, if any."""

    group: int
    patient: int | None
    firstname: str | None
    lastname: str | None
    named: bool


PLACED = st.builds(
    Placed,
    group=st.integers(0, 3),
    patient=st.sampled_from([0, 1, 2, None]),
    firstname=st.sampled_from(NAMES),
    lastname=st.sampled_from(NAMES),
    named=st.booleans(),
)


LAUNCHED = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0, 1, None])), max_size=2)
"""Launches: at which company, with a treatment relationship with which patient, if any."""


class Nobody:
    """Here nobody is given a pseudoniem."""

    async def make(self, bsn: Bsn) -> Pseudoniem:
        raise NotImplementedError


@pytest.fixture(scope="module")
async def own_database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    async with open_migrated(f"sqlite:///{tmp_path_factory.mktemp('groups') / 'sso.db'}") as opened:
        yield opened


@BOUNDED
@given(placed=st.lists(PLACED, max_size=6), launched=LAUNCHED)
async def test_a_list_a_search_and_a_single_read_agree_with_the_rule(
    own_database: Database, placed: list[Placed], launched: list[tuple[int, int | None]]
) -> None:
    companies = [CompanyId(uuid4()) for _ in range(2)]
    patients = [Pseudoniem(uuid4()) for _ in range(3)]
    groups = [Group(GroupId(new_id(wall_clock())), companies[number // 2], "x") for number in range(4)]
    dossiers = [
        GroupDossier(
            dossier_id=GroupDossierId(new_id(wall_clock())),
            group_id=groups[one.group].group_id,
            company_id=groups[one.group].company_id,
            pseudoniem=None if one.patient is None else patients[one.patient],
            external_identifier=str(number) if one.named else None,
            person=Person.model_construct(firstname=one.firstname, lastname=one.lastname),
        )
        for number, one in enumerate(placed)
    ]
    service = Groups(
        SqlGroups(own_database, SEALER), SqlGroupDossiers(own_database, SEALER), Nobody(), MemoryAudit(), wall_clock
    )
    async with own_database.transaction():
        for group in groups:
            await service.groups.add(group)
        for dossier in dossiers:
            assert await service.dossiers.add(dossier)
    callers: list[Caller] = [CompanyCaller(company_id) for company_id in companies]
    for company, patient in launched:
        seen = None if patient is None else patients[patient]
        callers.append(LaunchCaller(companies[company], LaunchId(uuid4()), seen))

    for caller in callers:
        allowed = [dossier for dossier in dossiers if isinstance(decide(caller, held(dossier)), Allowed)]
        for words in (frozenset[str](), frozenset({"zoe"}), frozenset({"doe", "john"})):
            of_all = [one for one in allowed if words <= searched_words(one.person.firstname, one.person.lastname)]
            assert await pages(service, caller, Asked(words=words)) == ids(of_all)
            for group in groups:
                mine = isinstance(decide(caller, Held(Kind.GROUP, group.company_id)), Allowed)
                of_group = ids([one for one in of_all if one.group_id == group.group_id]) if mine else None
                assert await pages(service, caller, Asked(group.group_id, words)) == of_group
        for dossier in dossiers:
            if dossier.external_identifier is not None:
                asked = Asked(dossier.group_id, external_identifier=dossier.external_identifier)
                single = ids([dossier] if dossier in allowed else [])
                mine = dossier.company_id == caller.company_id
                assert await pages(service, caller, asked) == (single if mine else None)


def held(dossier: GroupDossier) -> Held:
    return Held(Kind.GROUP_DOSSIER, dossier.company_id, dossier.pseudoniem)


def ids(dossiers: list[GroupDossier]) -> list[UUID]:
    return sorted(dossier.dossier_id for dossier in dossiers)


async def pages(service: Groups, caller: Caller, asked: Asked) -> list[UUID] | None:
    """Return the ids of all that is answered, two at a time; None where there is no such group."""
    found, after = list[UUID](), None
    while True:
        try:
            if asked.group_id is None:
                page, after = await service.page(caller, asked, after, 2)
            else:
                page, after = await service.page_of_group(caller, asked.group_id, asked, after, 2)
        except NotFound:
            return None
        found += [dossier.dossier_id for dossier in page]
        if after is None:
            return found
