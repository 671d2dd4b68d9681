"""Undone links and ended relationships, in the database: what is gone stays gone, whoever comes in that moment."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from common.errors import TreatmentRelationshipUnknown
from common.sql import Database
from identity.professionals.accounts import Professionals
from identity.professionals.links import Link
from identity.professionals.store_sql import SqlAccounts, SqlLinks
from identity.relationships.service import Relationships
from identity.relationships.store_sql import SqlAdministration, SqlRelationships, members
from keys.sealing import KEY_BYTES, Sealer
from schemas.facts import Admission, RelationshipEnded
from schemas.identifiers import AccountId, CompanyId, Pseudoniem
from tests.contract.test_identity_stores import fresh_agb, info, somebody
from tests.support.databases import kept_company
from tests.support.memory import REGISTERED as NOW
from tests.support.races import at_once

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def professionals(database: Database) -> Professionals:
    return Professionals(SqlAccounts(database, Sealer(bytes(KEY_BYTES))))


async def account_of(professionals: Professionals, company: CompanyId, sub: str, **told: str) -> AccountId:
    account_id = (await professionals.admit(company, sub, somebody(**told), NOW)).account_id
    assert account_id is not None
    return account_id


async def test_a_name_with_another_agb_code_is_another_professional(
    professionals: Professionals, database: Database
) -> None:
    company, said, (mine, another) = await kept_company(database), somebody(), (fresh_agb(), fresh_agb())
    first = await professionals.admit(company, "one", said.model_copy(update={"agb": mine}), NOW)
    other = await professionals.admit(company, "two", said.model_copy(update={"agb": another}), LATER)
    assert other.status == "created"
    assert other.account_id != first.account_id
    again = [await professionals.admit(company, sub, info(agb=mine), LATER) for sub in ("one", "three")]
    assert [admission.account_id for admission in again] == [first.account_id] * 2
    assert await professionals.admit(company, "four", said, LATER) == Admission(first.account_id, "matched")


async def test_an_account_that_is_matched_by_name_takes_the_agb_code_at_once(
    professionals: Professionals, database: Database
) -> None:
    company, elsewhere, said, agb = await kept_company(database), await kept_company(database), somebody(), fresh_agb()
    first = await professionals.admit(company, "one", said, NOW)
    matched = await professionals.admit(company, "two", said.model_copy(update={"agb": agb}), NOW)
    assert matched == Admission(first.account_id, "matched")
    assert await professionals.admit(elsewhere, "one", info(agb=agb), NOW) == matched


async def test_a_link_that_is_undone_is_never_made_again_by_name_or_by_agb_code(
    professionals: Professionals, database: Database
) -> None:
    company, said, agb, links = await kept_company(database), somebody(), fresh_agb(), SqlLinks(database)
    told = said.model_copy(update={"agb": agb})
    wrong = await professionals.admit(company, "one", told, NOW)
    colleague = await professionals.admit(company, "two", said, NOW)
    assert await links.refuse(company, "one", NOW) == wrong.account_id == colleague.account_id
    assert await links.refuse(company, "one", NOW) is None

    right = await professionals.admit(company, "one", told, LATER)  # with the code of the account that was refused

    assert right.status == "created"
    assert right.account_id != wrong.account_id
    assert await professionals.admit(company, "one", told, LATER) == Admission(right.account_id, "linked")
    assert await professionals.admit(company, "three", info(agb=agb), LATER) == colleague


async def test_a_link_is_refused_of_one_sub_at_one_company(professionals: Professionals, database: Database) -> None:
    company, other, agb, links = (
        await kept_company(database),
        await kept_company(database),
        fresh_agb(),
        SqlLinks(database),
    )
    account = await account_of(professionals, company, "one", agb=agb)
    assert await links.refuse(other, "one", NOW) is None
    assert await links.refuse(company, "One", NOW) is None
    assert await links.refuse(company, "one", NOW) == account
    assert await professionals.admit(company, "one", info(agb=agb), NOW) == Admission(None, "registration_required")
    for where, sub in ((other, "one"), (company, "One")):
        assert await professionals.admit(where, sub, info(agb=agb), NOW) == Admission(account, "matched")


async def test_links_are_seen_page_by_page_in_order(professionals: Professionals, database: Database) -> None:
    company, links = await kept_company(database), SqlLinks(database)
    subs = ["a", "b/c", "b c", "\u00eb", "B", "%2F"]
    accounts = {sub: await account_of(professionals, company, sub) for sub in subs}
    await account_of(professionals, await kept_company(database), "another companys")
    seen: list[Link] = []
    after = ""
    while page := await links.page(company, after, 2):
        seen += page
        after = page[-1].sub
    assert {link.sub: link.account_id for link in seen} == accounts
    assert len(seen) == len(subs)
    assert all(link.linked_at == NOW for link in seen)


async def test_of_many_that_undo_one_link_at_once_one_does_it_and_launches_meanwhile_find_another_account(
    professionals: Professionals, database: Database
) -> None:
    company, links, agb = await kept_company(database), SqlLinks(database), fresh_agb()
    wrong = await account_of(professionals, company, "one", agb=agb)
    said = somebody(agb=agb)

    async def either(number: int) -> AccountId | None:
        if number % 2:
            return await links.refuse(company, "one", LATER)
        return (await professionals.admit(company, "one", said, LATER)).account_id

    answers = await at_once(20, either)

    assert Counter(answers[1::2])[wrong] == 1
    current = (await professionals.admit(company, "one", said, LATER)).account_id
    assert current not in {None, wrong}


async def test_what_has_ended_is_unknown_and_its_name_free_for_another_patient(database: Database) -> None:
    company, own, patient = await kept_company(database), SqlAdministration(database), Pseudoniem(uuid4())
    service = Relationships(SqlRelationships(database))
    ended = await service.join(company, "1532", patient, None, NOW)
    assert await own.end(company, "1532") == ended
    assert await own.end(company, "1532") is None
    with pytest.raises(TreatmentRelationshipUnknown):
        await service.join(company, "1532", None, None, LATER)
    another = Pseudoniem(uuid4())
    anew = await service.join(company, "1532", another, None, LATER)
    assert ended is not None
    assert anew is not None
    assert (anew.pseudoniem, anew.relationship_id != ended.relationship_id) == (another, True)
    assert await own.find(company, "1532") == (anew, LATER)


async def test_a_professional_no_longer_comes_into_a_relationship_that_has_ended(
    professionals: Professionals, database: Database
) -> None:
    company, patient = await kept_company(database), Pseudoniem(uuid4())
    service, account = Relationships(SqlRelationships(database)), await account_of(professionals, company, "one")
    ended, first = [
        await service.join(company, name, patient, account, NOW + timedelta(minutes=minute))
        for minute, name in ((2, "ended"), (1, "first"))
    ]
    assert ended is not None
    await SqlAdministration(database).end(company, "ended")
    assert not await service.enter(ended.relationship_id, account, LATER)
    assert await service.join(company, None, patient, account, LATER) == first


async def test_launches_in_the_moment_in_which_their_relationship_ends_are_in_one_that_is_there_or_gone(
    professionals: Professionals, database: Database
) -> None:
    company, patient = await kept_company(database), Pseudoniem(uuid4())
    service, own = Relationships(SqlRelationships(database)), SqlAdministration(database)
    account = await account_of(professionals, company, "one")
    joined, ended = set(), set()

    async def either(number: int) -> None:
        if number % 4 == 0:
            one = await own.end(company, "1532")
            ended.update([one.relationship_id] if one else [])
            return
        while True:
            with suppress(RelationshipEnded):  # as a launch does, for which nothing has been written then
                relationship = await service.join(company, "1532", patient, account, NOW)
                assert relationship is not None
                joined.add(relationship.relationship_id)
                return

    await at_once(40, either)

    left = await own.find(company, "1532")
    assert joined - ended == ({left[0].relationship_id} if left else set())
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).where(members.c.relationship_id.in_(ended))) == 0
