"""Transactions: all or nothing, those within one join it, and each task has its own."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import exc, text

from common.errors import SettingsError, Unavailable
from common.sql import Database
from common.store.faults import translated
from identity.companies.model import Company, Status
from identity.companies.store_sql import SqlCompanies
from schemas.identifiers import CompanyId
from tests.support.databases import emptied_postgresql, kept_company, open_migrated
from tests.support.memory import REGISTERED
from tests.support.races import at_once
from tests.support.servers.loopback import HOST, free_port
from tests.support.servers.postgres_server import PostgresServer


def new_company(registered_at: datetime = REGISTERED) -> Company:
    return Company(CompanyId(uuid4()), "De Linde", Status.ACTIVE, registered_at)


async def add(database: Database, company: Company) -> None:
    await SqlCompanies(database).add(company, uuid4().bytes * 2)


async def kept(database: Database, companies: Sequence[Company]) -> list[bool]:
    return [await SqlCompanies(database).find(company.company_id) is not None for company in companies]


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    companies = [new_company(), new_company()]

    async def fail_at_the_end() -> None:
        async with database.transaction():
            for company in companies:
                await add(database, company)
            assert await kept(database, companies) == [True, True], "it sees its own writes"
            raise LookupError

    with pytest.raises(LookupError):
        await fail_at_the_end()
    assert await kept(database, companies) == [False, False]


async def test_a_transaction_within_one_ends_with_it(database: Database) -> None:
    outer, inner = new_company(), new_company()

    async def fail_at_the_end() -> None:
        async with database.transaction() as connection:
            await add(database, outer)
            async with database.transaction() as nested, database.read() as reading:
                assert connection is nested is reading
                await add(database, inner)
            raise LookupError

    with pytest.raises(LookupError):
        await fail_at_the_end()
    assert await kept(database, [outer, inner]) == [False, False]


async def test_what_a_transaction_wrote_is_seen_by_others_only_when_it_has_ended(database: Database) -> None:
    company, written, seen = new_company(), asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with database.transaction():
            await add(database, company)
            written.set()
            await seen.wait()

    async def look() -> list[bool]:
        await written.wait()
        found = await kept(database, [company])
        seen.set()
        return found

    async with asyncio.TaskGroup() as both:  # if one fails, the other is not waited for
        looking, _ = both.create_task(look()), both.create_task(write())
    assert looking.result() == [False]
    assert await kept(database, [company]) == [True]


async def test_a_transaction_that_is_cancelled_leaves_nothing_and_its_connection_is_good_again(
    database: Database,
) -> None:
    companies = [new_company() for _ in range(20)]

    async def write(company: Company, written: asyncio.Event) -> None:
        async with database.transaction():
            await add(database, company)
            written.set()
            await asyncio.Event().wait()

    for company in companies:
        written = asyncio.Event()
        task = asyncio.create_task(write(company, written))
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await kept(database, companies) == [False] * 20
    await kept_company(database)


async def test_a_broken_constraint_is_told_as_it_is_and_ends_the_transaction(database: Database) -> None:
    first, again = new_company(), new_company()
    await add(database, first)

    async def break_it_in_the_end() -> None:
        async with database.transaction():
            await add(database, again)
            await add(database, first)

    with pytest.raises(exc.IntegrityError):
        await break_it_in_the_end()
    assert await kept(database, [first, again]) == [True, False]


async def test_a_time_comes_back_aware_in_utc_and_to_the_microsecond(database: Database) -> None:
    for zone in (UTC, timezone(timedelta(hours=2))):
        company = new_company(datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=zone))
        await add(database, company)
        found = await SqlCompanies(database).find(company.company_id)
        assert found == company
        assert found is not None
        assert found.registered_at.utcoffset() == timedelta(0)


async def test_the_rows_that_another_refers_to_must_exist(database: Database) -> None:
    orphan = text("INSERT INTO company_secrets (digest, company_id, created_at) VALUES (:digest, :id, :at)")
    nobody = uuid4().hex if database.is_sqlite else uuid4()
    values = {"digest": b"x", "id": nobody, "at": str(REGISTERED) if database.is_sqlite else REGISTERED}
    with pytest.raises(exc.IntegrityError):
        async with database.transaction() as connection:
            await connection.execute(orphan, values)


UNREACHABLE = {
    "nobody listens": f"postgresql://nobody:secret@{HOST}:{free_port()}/nothing",
    "the folder is not there": "sqlite:////nowhere/at/all/sso.db",
}


@pytest.mark.parametrize("url", UNREACHABLE.values(), ids=UNREACHABLE)
async def test_a_database_that_cannot_be_reached_is_unavailable(url: str) -> None:
    database = Database(url)
    for use in (database.read, database.transaction):
        with pytest.raises(Unavailable) as caught:
            async with use():
                pass
        assert "secret" not in caught.value.detail + caught.value.private
    await database.close()


@pytest.mark.parametrize("url", ["", "sso.db", "mysql://u:secret@db/sso", "postgresql+psycopg://u:secret@db/sso"])
def test_another_database_is_refused_in_a_sentence_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Database(url)
    assert "postgresql://" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
        asyncpg.InvalidCachedStatementError("cached statement plan is invalid"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.AdminShutdownError("terminating connection"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_is_no_good_any_more_is_unavailable_and_no_fault_of_ours(error: Exception) -> None:
    with pytest.raises(Unavailable), translated():
        raise error


async def test_rows_keep_their_names_after_a_migration_has_changed_what_was_prepared(
    postgres_server: PostgresServer,
) -> None:
    async with open_migrated(await emptied_postgresql(postgres_server)) as database:
        company, companies = await kept_company(database), SqlCompanies(database)
        assert await companies.find(company) is not None
        async with database.transaction() as connection:
            await connection.execute(text("ALTER TABLE companies ALTER COLUMN name TYPE text"))
        found = await at_once(4, lambda _number: companies.find(company))
    assert [one.company_id for one in found if one] == [company] * 4


async def test_after_postgresql_has_ended_one_connection_the_others_are_not_tried_one_by_one(
    postgres_server: PostgresServer,
) -> None:
    """Each of them would cost a launch whose token is spent by then."""
    async with open_migrated(await emptied_postgresql(postgres_server)) as database:
        company, companies = await kept_company(database), SqlCompanies(database)
        opened = asyncio.Barrier(5)

        async def hold(_number: int) -> None:
            async with database.read() as connection:
                await connection.execute(text("SELECT 1"))
                await opened.wait()

        await at_once(5, hold)
        end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()")
        with pytest.raises(Unavailable):
            async with database.read() as connection:
                await connection.execute(end)
        assert [one.company_id for one in [await companies.find(company) for _ in range(5)] if one] == [company] * 5
