"""The store of partners' keys, in memory and in the database: five at most, one owner, revoked for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import exc, insert, text, update

from common.errors import KeyRejected
from common.sql import Database
from keys.partners import MAX_KEYS, PartnerKey, PartnerKeyStore
from keys.store_sql import SqlPartnerKeys, company_keys
from schemas.identifiers import CompanyId
from tests.support.databases import kept_company
from tests.support.ehr import Ehr
from tests.support.memory import REGISTERED, MemoryPartnerKeys, later, partner_key
from tests.support.races import at_once


@pytest.fixture(params=["memory", "database"])
def store(request: pytest.FixtureRequest, database: Database) -> PartnerKeyStore:
    return MemoryPartnerKeys() if request.param == "memory" else SqlPartnerKeys(database)


@pytest.fixture
async def company(database: Database) -> CompanyId:
    return await kept_company(database)


@pytest.fixture
async def other(database: Database) -> CompanyId:
    return await kept_company(database)


def keys_of(company_id: CompanyId, count: int) -> Sequence[PartnerKey]:
    """Return new keys, each registered a second after the one before."""
    return [later(partner_key(Ehr("EdDSA"), company_id), seconds=number) for number in range(count)]


def _row(key: PartnerKey) -> dict[str, object]:
    return {
        "kid": key.kid, "company_id": key.company_id, "kty": key.kty, "alg": key.alg, "jwk": key.jwk,
        "created_at": key.created_at, "published_as": key.published_as,
    }  # fmt: skip


async def refused(store: PartnerKeyStore, key: PartnerKey) -> str:
    with pytest.raises(KeyRejected) as caught:
        await store.add(key)
    return caught.value.reason


async def test_a_key_is_kept_as_it_is_and_found_by_its_name(store: PartnerKeyStore, company: CompanyId) -> None:
    (key,) = keys_of(company, 1)
    assert await store.add(key) == (key, True)
    assert await store.find(key.kid) == key
    assert list(await store.current(company)) == [key]
    assert await store.find("x" * 43) is None


async def test_the_same_key_again_is_the_one_that_is_there(store: PartnerKeyStore, company: CompanyId) -> None:
    (key,) = keys_of(company, 1)
    await store.add(key)
    assert await store.add(later(key, hours=1)) == (key, False)


async def test_the_oldest_key_comes_first(store: PartnerKeyStore, company: CompanyId) -> None:
    keys = keys_of(company, 3)
    for key in reversed(keys):
        await store.add(key)
    assert list(await store.current(company)) == list(keys)


async def test_a_key_belongs_to_one_company(store: PartnerKeyStore, company: CompanyId, other: CompanyId) -> None:
    ehr = Ehr("EdDSA")
    await store.add(partner_key(ehr, company))
    assert await refused(store, partner_key(ehr, other)) == "another_company"
    assert list(await store.current(other)) == []


async def test_a_key_belongs_to_one_algorithm(store: PartnerKeyStore, company: CompanyId) -> None:
    ehr = Ehr("RS256")
    await store.add(partner_key(ehr, company))
    assert await refused(store, partner_key(ehr, company, alg="PS256")) == "alg"


async def test_a_sixth_key_is_one_too_many_until_another_is_revoked(store: PartnerKeyStore, company: CompanyId) -> None:
    *five, sixth = keys_of(company, MAX_KEYS + 1)
    for key in five:
        await store.add(key)
    assert await refused(store, sixth) == "too_many"
    assert await store.add(five[0]) == (five[0], False)
    assert await store.revoke(company, five[2].kid, REGISTERED)
    assert await store.add(sixth) == (sixth, True)
    assert list(await store.current(company)) == [key for key in (*five, sixth) if key != five[2]]


async def test_a_revoked_key_is_nobodys_for_ever(store: PartnerKeyStore, company: CompanyId, other: CompanyId) -> None:
    ehr = Ehr("EdDSA")
    key = partner_key(ehr, company)
    await store.add(key)
    assert not await store.revoke(other, key.kid, REGISTERED)
    assert await store.find(key.kid) == key
    assert await store.revoke(company, key.kid, REGISTERED)
    assert not await store.revoke(company, key.kid, REGISTERED)
    assert await store.find(key.kid) is None
    assert list(await store.current(company)) == []
    assert await refused(store, key) == "revoked"
    assert await refused(store, partner_key(ehr, other)) == "another_company"


@pytest.mark.parametrize("there_already", [0, 3])
async def test_ten_registrations_at_once_never_end_in_more_than_five_keys(
    store: PartnerKeyStore, company: CompanyId, there_already: int
) -> None:
    keys = keys_of(company, 10 + there_already)
    for key in keys[:there_already]:
        await store.add(key)

    async def register(number: int) -> bool:
        try:
            return (await store.add(keys[there_already + number]))[1]
        except KeyRejected as error:
            return error.reason != "too_many"

    assert sum(await at_once(10, register)) == MAX_KEYS - there_already
    assert len(await store.current(company)) == MAX_KEYS


async def test_one_key_that_is_registered_ten_times_at_once_is_new_once(
    store: PartnerKeyStore, company: CompanyId
) -> None:
    (key,) = keys_of(company, 1)
    answers = await at_once(10, lambda _: store.add(key))
    assert [kept for kept, _ in answers] == [key] * 10
    assert sum(new for _, new in answers) == 1


async def test_one_key_that_two_companies_register_at_once_is_the_firsts(
    store: PartnerKeyStore, company: CompanyId, other: CompanyId
) -> None:
    ehr = Ehr("EdDSA")

    async def register(number: int) -> bool:
        try:
            return (await store.add(partner_key(ehr, (company, other)[number])))[1]
        except KeyRejected as error:
            return error.reason != "another_company"

    assert sorted(await at_once(2, register)) == [False, True]


@pytest.mark.parametrize("values", [{"revoked_at": REGISTERED, "published_as": None}, {"published_as": "new name"}])
async def test_a_published_key_that_changes_while_it_is_uploaded_is_seen_as_it_is_then(
    database: Database, company: CompanyId, values: dict[str, object]
) -> None:
    """The upload has read the row, and waits for whoever changes it; on SQLite it has to wait before it reads."""
    (key,) = keys_of(company, 1)
    async with database.transaction() as connection:
        await connection.execute(insert(company_keys).values(_row(key) | {"published_as": "old name"}))
    other_process = Database(database.url)
    uploaded = SqlPartnerKeys(other_process)
    begin = asyncio.Event()

    async def upload() -> tuple[PartnerKey, bool]:
        await begin.wait()
        return await uploaded.add(key)

    upload_task = asyncio.create_task(upload())
    try:
        async with database.transaction() as connection:
            await connection.execute(update(company_keys).where(company_keys.c.kid == key.kid).values(values))
            begin.set()
            await _until_somebody_waits(database)
        if "revoked_at" in values:
            with pytest.raises(KeyRejected) as caught:
                await upload_task
            assert (caught.value.reason, list(await uploaded.current(company))) == ("revoked", [])
        else:
            kept, new = await upload_task
            assert (kept.published_as, kept.uploaded, new) == ("new name", True, True)
            assert [one.published_as for one in await uploaded.current(company)] == ["new name"]
    finally:
        await other_process.close()


async def _until_somebody_waits(database: Database) -> None:
    if database.is_sqlite:
        return
    async with asyncio.timeout(10):
        async with database.engine.connect() as connection:
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not (await connection.execute(waiting)).scalar_one():
                pass


async def test_a_key_that_was_exposed_is_revoked_if_it_is_the_companys_or_nobodys(
    store: PartnerKeyStore, company: CompanyId, other: CompanyId
) -> None:
    mine, nobodys, theirs = *keys_of(company, 2), *keys_of(other, 1)
    await store.add(mine)
    await store.add(theirs)
    found = (mine, nobodys, replace(theirs, company_id=company))
    assert [await store.revoke_exposed(one, REGISTERED) for one in found] == [True, True, False]
    assert not await store.revoke_exposed(mine, REGISTERED)
    assert [await refused(store, key) for key in (mine, nobodys)] == ["revoked"] * 2
    assert list(await store.current(company)) == []
    assert list(await store.current(other)) == [theirs]


@pytest.mark.parametrize("place", [0, MAX_KEYS + 1])
async def test_the_database_itself_has_no_sixth_place(database: Database, place: int) -> None:
    (key,) = keys_of(await kept_company(database), 1)
    with pytest.raises(exc.IntegrityError):
        async with database.transaction() as connection:
            await connection.execute(insert(company_keys).values(_row(key) | {"place": place}))
