"""Dossiers of groups in the database: unique, found by words in a stable order, and never read as they lie there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from common.sql import DOSSIER, Database
from dossier.access import Ground, Reach
from dossier.groups.model import Asked, Group, GroupDossier, new_id
from dossier.groups.records.digests import Digests
from dossier.groups.records.store_sql import SqlGroupDossiers, group_dossiers, name_words
from dossier.groups.store_sql import SqlGroups
from keys.sealing import Sealer
from schemas.groups import Person
from schemas.identifiers import CompanyId, GroupDossierId, GroupId, Pseudoniem
from tests.support.plans import scanned
from tests.support.races import at_once

NOW = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
OLD, NEW = bytes([1] * 32), bytes([2] * 32)
SEALER = Sealer(OLD)
FULL = Person(
    firstname="Zoë", lastname="van Dijk", initials="Z.", email="zoe@example.nl", phone_home="020-5550123",
    phone_work="020-5550124", phone_cell="06-55501234", birthdate="1980-02-23", gender="F", country_of_birth="Suriname",
    street="Kerkstraat 1", city="Amsterdam", zipcode="1017 GA", country="Nederland", subject_code="S-17",
)  # fmt: skip


@pytest.fixture
async def group(database: Database) -> Group:
    return await new_group(database)


@pytest.fixture
def store(database: Database) -> SqlGroupDossiers:
    return SqlGroupDossiers(database, SEALER)


async def new_group(database: Database, company_id: CompanyId | None = None) -> Group:
    group = Group(GroupId(new_id(NOW)), company_id or CompanyId(uuid4()), "Diabetes")
    await SqlGroups(database, SEALER).add(group)
    return group


def dossier_in(group: Group, number: int = 0, **changes: Any) -> GroupDossier:
    dossier_id = GroupDossierId(new_id(NOW + timedelta(milliseconds=number)))
    return replace(
        GroupDossier(dossier_id, group.group_id, group.company_id, None, None, Person(firstname="john")), **changes
    )


def all_of(group: Group) -> Reach:
    return Reach(group.company_id, None, Ground.OWN_COMPANY)


def with_words(*words: str) -> Asked:
    return Asked(words=frozenset(words))


def test_an_id_sorts_by_the_microsecond_of_its_making_and_is_a_uuid_of_version_7() -> None:
    moments = [NOW + timedelta(microseconds=step) for step in (0, 1, 2, 500, 999, 1000, 10**6, 10**12)]
    made = [new_id(moment) for moment in moments]
    assert made == sorted(made, key=str)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert len({new_id(NOW) for _ in range(100)}) == 100
    assert made[0].int >> 80 == int(NOW.timestamp() * 1000)


async def test_what_was_kept_is_found_whole(store: SqlGroupDossiers, group: Group) -> None:
    dossier = dossier_in(group, pseudoniem=Pseudoniem(uuid4()), external_identifier="EPD-1", person=FULL)
    assert await store.add(dossier)
    asked = [
        Asked(),
        Asked(group.group_id),
        with_words("dijk", "zoe"),
        Asked(group.group_id, frozenset({"van"}), "EPD-1"),
    ]
    for one in asked:
        assert await store.page(all_of(group), one, None, 10) == [dossier]


async def test_of_fifty_dossiers_of_one_external_identifier_made_at_once_one_is_kept(
    store: SqlGroupDossiers, group: Group
) -> None:
    results = await at_once(50, lambda n: store.add(dossier_in(group, n, external_identifier="EPD-1")))
    assert sum(results) == 1
    assert len(await store.page(all_of(group), Asked(), None, 100)) == 1
    assert await store.is_taken(group.group_id, "EPD-1")


async def test_while_the_key_is_changed_an_identifier_is_as_unique_and_names_are_found_by_all(
    database: Database, group: Group
) -> None:
    """Of two processes one seals with the old key and the other with the new one."""
    stores = [SqlGroupDossiers(database, Sealer(*keys)) for keys in ((OLD, NEW), (NEW, OLD))]
    assert await SqlGroupDossiers(database, Sealer(OLD)).add(dossier_in(group, external_identifier="before"))
    assert not await stores[1].add(dossier_in(group, external_identifier="before"))

    results = await at_once(20, lambda n: stores[n % 2].add(dossier_in(group, n, external_identifier="EPD-1")))
    assert sum(results) == 1
    for number, one in enumerate(stores):
        await one.add(dossier_in(group, 100 + number, person=Person(firstname="anna", lastname="de boer")))
    for one in stores:
        assert len(await one.page(all_of(group), with_words("anna"), None, 10)) == 2
        assert len(await one.page(all_of(group), with_words("boer", "anna"), None, 10)) == 2
        assert len(await one.page(all_of(group), Asked(group.group_id, external_identifier="EPD-1"), None, 10)) == 1


@pytest.mark.parametrize("words", [(), ("doe",), ("doe", "john")], ids=["list", "word", "words"])
async def test_paging_neither_skips_nor_repeats_while_dossiers_are_added(
    store: SqlGroupDossiers, group: Group, words: Sequence[str]
) -> None:
    asked = with_words(*words)
    there = [dossier_in(group, number, person=Person(firstname="john", lastname="doe")) for number in range(0, 40, 2)]
    for dossier in reversed(there):
        await store.add(dossier)
    seen, after = list[UUID](), None
    for added in range(-1, 41, 2):  # one before, between or behind those that are there, before each page
        page = await store.page(all_of(group), asked, after, 3)
        seen += [dossier.dossier_id for dossier in page]
        after = seen[-1]
        await store.add(dossier_in(group, added, person=Person(firstname="john", lastname="doe")))
    assert seen == sorted(set(seen))
    assert {dossier.dossier_id for dossier in there} <= set(seen)


async def test_each_page_is_within_reach(database: Database, store: SqlGroupDossiers, group: Group) -> None:
    patient, other = Pseudoniem(uuid4()), Pseudoniem(uuid4())
    second, foreign = await new_group(database, group.company_id), await new_group(database)
    mine = [dossier_in(group, 1, pseudoniem=patient), dossier_in(second, 2, pseudoniem=patient)]
    beside = [dossier_in(group, 3, pseudoniem=other), dossier_in(group, 4), dossier_in(foreign, 5, pseudoniem=patient)]
    for dossier in (*mine, *beside):
        await store.add(dossier)
    within = Reach(group.company_id, frozenset({patient}), Ground.TREATMENT_RELATIONSHIP)
    assert await store.page(within, Asked(), None, 10) == mine
    assert await store.page(within, with_words("john"), None, 10) == mine
    assert await store.page(within, Asked(second.group_id), None, 10) == mine[1:]
    assert await store.page(within, Asked(foreign.group_id), None, 10) == []
    assert await store.page(replace(within, patients=frozenset()), Asked(), None, 10) == []
    assert len(await store.page(all_of(group), with_words("john"), None, 10)) == 4


async def test_nothing_of_a_person_is_in_the_tables_in_the_clear(database: Database, group: Group) -> None:
    store = SqlGroupDossiers(database, SEALER)
    await store.add(dossier_in(group, external_identifier="EPD-1532", person=FULL))
    async with database.read() as connection:
        rows = [row for table in DOSSIER.sorted_tables for row in (await connection.execute(select(table))).all()]
    shown = b"\n".join(bytes(cell) if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)
    told = [value for value in FULL.wire().values() if value is not None and len(value) > 2]
    assert len(told) == 13
    for value in (*told, "zoe", "EPD-1532", "Diabetes"):
        assert value.encode() not in shown


async def test_the_same_name_has_another_digest_in_another_company(database: Database, group: Group) -> None:
    digests = Digests(SEALER)
    foreign = await new_group(database)
    mine, theirs = (dossier_in(one, external_identifier="EPD-1") for one in (group, foreign))
    assert set(digests.of_words(mine)).isdisjoint(digests.of_words(theirs))
    assert digests.of_identifier(mine) != digests.of_identifier(theirs)


MANY = 5_000
AT_ONCE = 1_000


@pytest.fixture(scope="module")
async def large(database: Database) -> Group:
    """A group of many dossiers, beside smaller ones, as the planner of PostgreSQL has counted them."""
    group = await new_group(database)
    digests, rows, words = Digests(SEALER), list[Any](), list[Any]()
    sealed = SEALER.seal("{}", "group_dossiers.sealed_record", "")
    for number in range(MANY):
        person = Person(firstname=f"voornaam{number % 50}", lastname=f"de achternaam{number % 997}")
        dossier = dossier_in(group, number, external_identifier=str(number), person=person)
        place = {"dossier_id": dossier.dossier_id, "group_id": dossier.group_id}
        rest = {"company_id": group.company_id, "pseudoniem": uuid4(), "sealed_record": sealed}
        rows.append({**place, **rest, "identifier_digest": digests.of_identifier(dossier)})
        words += [{**place, "digest": digest} for digest in digests.of_words(dossier)]
    async with database.transaction() as connection:
        for table, values in ((group_dossiers, rows), (name_words, words)):
            for start in range(0, len(values), AT_ONCE):
                await connection.execute(table.insert(), values[start : start + AT_ONCE])
    if not database.is_sqlite:
        async with database.read() as connection:
            await connection.execute(text("ANALYZE"))
    return group


ASKED = {
    "list": ((), None, False),
    "a rare word": (("achternaam7",), None, False),
    "a word of all": (("de",), None, False),
    "words": (("achternaam7", "de", "voornaam7"), None, False),
    "an identifier": ((), "77", False),
    "what a launch sees": ((), None, True),
    "what a launch searches": (("de",), None, True),
}


@pytest.mark.parametrize("of_group", ["of a group", ""], ids=lambda which: which or "of all")
@pytest.mark.parametrize(("words", "identifier", "launched"), ASKED.values(), ids=ASKED)
async def test_a_large_group_is_answered_from_an_index(
    database: Database, large: Group, words: Sequence[str], identifier: str | None, launched: int, of_group: str
) -> None:
    patients = frozenset({Pseudoniem(uuid4())}) if launched else None
    store = SqlGroupDossiers(database, SEALER)
    digests = [Digests(SEALER).to_find_word(large.company_id, word) for word in words]
    group_id = large.group_id if of_group or identifier else None
    query = store.query(
        Reach(large.company_id, patients, Ground.OWN_COMPANY),
        Asked(group_id, frozenset(words), identifier),
        digests,
        new_id(NOW),
        21,
    )
    assert not await scanned(database, query)
