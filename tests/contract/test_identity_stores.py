"""Who is who, in the database: of many at once that mean the same person, patient or relationship, all get one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from common.errors import TreatmentRelationshipConflict, TreatmentRelationshipUnknown
from common.sql import Database
from identity.professionals.accounts import Professionals
from identity.professionals.store_sql import SqlAccounts, account_links, accounts
from identity.pseudoniem.digest import DigestKey
from identity.pseudoniem.store_sql import pseudoniemen
from identity.relationships.service import Relationships
from identity.relationships.store_sql import JOINED_LAST, SqlRelationships
from keys.sealing import KEY_BYTES, Sealer
from schemas.base import Rules
from schemas.claims import ProfInfo
from schemas.facts import Admission
from schemas.identifiers import Bsn, Pseudoniem
from tests.support.bsns import fresh_bsn
from tests.support.databases import kept_company, pseudoniemen_of
from tests.support.memory import REGISTERED as NOW
from tests.support.races import at_once

KEY = DigestKey(bytes(KEY_BYTES))


def fresh_agb() -> str:
    return f"{uuid4().int % 10**8 or 1:08d}"


def info(**members: str) -> ProfInfo:
    return ProfInfo.parse(members, Rules())


def somebody(**members: str) -> ProfInfo:
    """Return a professional whom nobody knows yet."""
    name = uuid4().hex
    return info(**({"firstname": "John", "lastname": name, "email": f"{name}@praktijk.nl"} | members))


@pytest.fixture
def professionals(database: Database) -> Professionals:
    return Professionals(SqlAccounts(database, Sealer(bytes(KEY_BYTES))))


async def account_count(database: Database, admissions: list[Admission]) -> int:
    ids = {admission.account_id for admission in admissions}
    async with database.read() as connection:
        return int(await connection.scalar(select(func.count()).where(accounts.c.account_id.in_(ids))) or 0)


async def test_a_hundred_first_launches_of_one_professional_at_once_make_one_account(
    professionals: Professionals, database: Database
) -> None:
    company, said = await kept_company(database), somebody()
    admissions = await at_once(100, lambda _: professionals.admit(company, "profID1241", said, NOW))
    assert len({admission.account_id for admission in admissions}) == 1
    assert sorted(admission.status for admission in admissions) == ["created"] + ["linked"] * 99
    async with database.read() as connection:
        links = select(func.count()).where(account_links.c.company_id == company)
        assert await connection.scalar(links) == 1


async def test_one_agb_code_at_two_companies_at_once_makes_one_account(
    professionals: Professionals, database: Database
) -> None:
    companies, said = [await kept_company(database), await kept_company(database)], somebody(agb=fresh_agb())
    admissions = await at_once(50, lambda n: professionals.admit(companies[n % 2], f"sub{n % 2}", said, NOW))
    assert len({admission.account_id for admission in admissions}) == 1
    statuses = [admission.status for admission in admissions]
    assert (statuses.count("created"), statuses.count("matched"), statuses.count("linked")) == (1, 1, 48)


async def test_one_name_under_many_subs_at_once_makes_one_account_per_company(
    professionals: Professionals, database: Database
) -> None:
    companies, said = [await kept_company(database), await kept_company(database)], somebody()
    admissions = await at_once(20, lambda n: professionals.admit(companies[n % 2], f"sub{n}", said, NOW))
    assert len({admission.account_id for admission in admissions[::2]}) == 1
    assert await account_count(database, admissions) == 2


async def test_the_same_sub_at_two_companies_is_two_professionals(
    professionals: Professionals, database: Database
) -> None:
    one, other = [await professionals.admit(await kept_company(database), "u1", somebody(), NOW) for _ in range(2)]
    assert one.status == other.status == "created"
    assert one.account_id != other.account_id


async def test_who_says_too_little_gets_no_account_and_leaves_nothing(
    professionals: Professionals, database: Database
) -> None:
    company = await kept_company(database)
    for said in (info(), info(agb=fresh_agb()), info(firstname="John", lastname="de Vries")):
        assert await professionals.admit(company, "u1", said, NOW) == Admission(None, "registration_required")
    assert await professionals.store.linked(company, "u1") is None


async def test_a_linked_account_takes_a_free_agb_code_and_nobody_elses(
    professionals: Professionals, database: Database
) -> None:
    company, taken, free = await kept_company(database), fresh_agb(), fresh_agb()
    owner = await professionals.admit(company, "owner", somebody(agb=taken), NOW)
    other = await professionals.admit(company, "other", somebody(), NOW)
    for code in (taken, free, fresh_agb()):
        assert (await professionals.admit(company, "other", info(agb=code), NOW)).status == "linked"
    by_code = {code: await professionals.store.candidates(company, "new", info(agb=code)) for code in (taken, free)}
    assert by_code[taken].by_agb == owner.account_id
    assert by_code[free].by_agb == other.account_id


async def test_names_are_found_again_without_lying_there_to_be_read(
    professionals: Professionals, database: Database
) -> None:
    company, said = await kept_company(database), somebody(lastname="Grootveld")
    admission = await professionals.admit(company, "u1", said, NOW)
    async with database.read() as connection:
        row = (await connection.execute(select(accounts).where(accounts.c.account_id == admission.account_id))).one()
    assert b"Grootveld" not in b"".join(value for value in row if isinstance(value, bytes))
    shouted = info(firstname="JOHN", lastname="GROOTVELD", email=(said.email or "").upper())
    assert await professionals.admit(company, "u2", shouted, NOW) == Admission(admission.account_id, "matched")


async def test_a_hundred_at_once_that_ask_for_one_bsn_get_one_pseudoniem(database: Database) -> None:
    service, bsn = await pseudoniemen_of(database, KEY), Bsn(fresh_bsn())
    assert await service.find(bsn) is None
    made = await at_once(100, lambda _: service.make(bsn))
    assert len(set(made)) == 1
    assert await service.find(bsn) == made[0]
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).where(pseudoniemen.c.pseudoniem == made[0])) == 1


async def test_another_bsn_has_another_pseudoniem_and_eight_digits_the_same_as_nine(database: Database) -> None:
    service = await pseudoniemen_of(database, KEY)
    nine, eight, other = (Bsn(digits) for digits in ("010000008", "10000008", fresh_bsn()))
    assert await service.make(nine) == await service.make(eight) != await service.make(other)


async def test_a_relationship_that_many_join_at_once_is_one(database: Database) -> None:
    company, patient = await kept_company(database), Pseudoniem(uuid4())
    store = SqlRelationships(database)
    service = Relationships(store)
    joined = await at_once(20, lambda _: service.join(company, "1532", patient, None, NOW))
    assert len({found.relationship_id for found in joined if found}) == 1
    assert await store.find(company, "1532") == joined[0]
    assert await store.find(await kept_company(database), "1532") is None


async def test_of_two_patients_under_one_name_at_once_one_is_the_conflict(database: Database) -> None:
    company, patients = await kept_company(database), [Pseudoniem(uuid4()), Pseudoniem(uuid4())]
    service = Relationships(SqlRelationships(database))

    async def join(number: int) -> bool:
        try:
            await service.join(company, "1532", patients[number % 2], None, NOW)
        except TreatmentRelationshipConflict:
            return False
        return True

    answers = await at_once(10, join)
    assert (sum(answers[::2]), sum(answers[1::2])) in {(5, 0), (0, 5)}
    with pytest.raises(TreatmentRelationshipUnknown):
        await service.join(company, "1533", None, None, NOW)


async def test_without_a_name_it_is_the_relationship_joined_last(
    database: Database, professionals: Professionals
) -> None:
    company, patient = await kept_company(database), Pseudoniem(uuid4())
    service = Relationships(SqlRelationships(database))
    account = (await professionals.admit(company, "u1", somebody(), NOW)).account_id
    assert account is not None
    for minute, name in enumerate(["a", "b", "a"]):
        await service.join(company, name, patient, account, NOW + timedelta(minutes=minute))
    found = await service.join(company, None, patient, account, NOW + timedelta(hours=1))
    assert found is not None
    assert found.external_id == "a"
    rows = await database.find_all(JOINED_LAST, [(company, patient, account), (company, uuid4(), account)])
    assert [[row.external_id for row in of_key] for of_key in rows.values()] == [["a"]], "the others are not even read"
    generated = await service.join(company, None, patient, None, NOW)
    assert generated is not None
    assert generated.external_id not in {"a", "b"}
