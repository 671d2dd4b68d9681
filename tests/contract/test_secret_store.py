"""A company's secrets in the database: changed one at a time, and a last use that holds nobody up."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from common.audit.events import Event
from common.clock import Clock
from common.errors import Conflict, NotAuthenticated, SecretRejected, Unavailable
from common.sql import Database
from identity.companies.secrets import CompanySecrets
from identity.companies.store_sql import SqlCompanies, SqlCompanyTokens, company_secrets, purge
from keys.store_sql import SqlPartnerKeys
from schemas.facts import Standing
from schemas.identifiers import CompanyId
from tests.support.clock import SetClock
from tests.support.databases import kept_company, open_migrated
from tests.support.holders import for_row_lockers_too
from tests.support.memory import MemoryAudit
from tests.support.races import at_once
from tests.support.servers.postgres_server import PostgresServer

HOUR = timedelta(hours=1)


class Joined(MemoryAudit):
    """An audit whose unit of work is a transaction, as the real one's is."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.unit_of_work = database.transaction  # type: ignore[method-assign]


def secrets_of(database: Database, clock: Clock) -> CompanySecrets:
    return CompanySecrets(SqlCompanies(database), SqlPartnerKeys(database), Joined(database), clock)


async def last_use(database: Database, secret_id: UUID) -> object:
    query = select(company_secrets.c.last_used_at).where(company_secrets.c.secret_id == secret_id)
    async with database.read() as connection:
        return await connection.scalar(query)


async def first_secret_of(database: Database, clock: Clock) -> tuple[CompanyId, UUID]:
    company_id = await kept_company(database)
    [first] = await secrets_of(database, clock).current(company_id)
    return company_id, first.secret_id


async def test_of_ten_that_are_asked_for_at_once_one_is_made(database: Database) -> None:
    secrets, company_id = secrets_of(database, SetClock()), await kept_company(database)

    async def ask(_number: int) -> bool:
        try:
            await secrets.make(company_id, None, None)
        except SecretRejected:
            return False
        return True

    assert sorted(await at_once(10, ask)) == [False] * 9 + [True]
    assert len(await secrets.current(company_id)) == 2


async def test_of_two_revocations_at_once_one_leaves_the_company_its_secret(database: Database) -> None:
    secrets, company_id = secrets_of(database, SetClock()), await kept_company(database)
    await secrets.make(company_id, None, None)
    ids = [str(secret.secret_id) for secret in await secrets.current(company_id)]

    async def revoke(number: int) -> bool:
        try:
            await secrets.revoke(company_id, ids[number])
        except Conflict:
            return False
        return True

    assert sorted(await at_once(2, revoke)) == [False, True]
    assert len(await secrets.current(company_id)) == 1


async def test_of_many_who_note_a_use_at_once_the_first_does_and_all_go_on(database: Database) -> None:
    clock = SetClock()
    _, secret_id = await first_secret_of(database, clock)
    store = SqlCompanies(database)
    times = [clock() + timedelta(seconds=number) for number in range(20)]
    await at_once(20, lambda number: store.note_use(secret_id, times[number], times[number] - HOUR))
    noted = await last_use(database, secret_id)
    assert noted in times
    await store.note_use(secret_id, clock() + HOUR, clock() - HOUR)
    assert await last_use(database, secret_id) == noted


async def test_a_last_use_that_somebody_else_is_writing_holds_nobody_up(postgres_server: PostgresServer) -> None:
    """On PostgreSQL alone: SQLite has one writer."""
    clock, url = SetClock(), await postgres_server.create_database()
    async with open_migrated(url) as database, open_migrated(url) as other:
        _, secret_id = await first_secret_of(database, clock)
        async with other.transaction() as connection:
            held = select(company_secrets).where(company_secrets.c.secret_id == secret_id)
            await connection.execute(held.with_for_update())
            await SqlCompanies(database).note_use(secret_id, clock(), clock() - HOUR)
        assert await last_use(database, secret_id) is None


async def test_a_last_use_waits_for_no_lock_on_the_table_and_what_follows_waits_as_ever(
    postgres_server: PostgresServer,
) -> None:
    """On PostgreSQL alone: an index is being made, say. Without a limit the driver would give up after two seconds."""
    clock, url = SetClock(), await postgres_server.create_database()
    async with open_migrated(url) as database:
        company_id, secret_id = await first_secret_of(database, clock)
        store = SqlCompanies(database)
        async with database.transaction() as connection:
            usual = await connection.scalar(text("SHOW statement_timeout"))
            async with for_row_lockers_too(url, "company_secrets"):
                await asyncio.wait_for(store.note_use(secret_id, clock(), clock() - HOUR), 1)
            await store.note_use(secret_id, clock(), clock() - HOUR)
            assert await connection.scalar(text("SHOW statement_timeout")) == usual
            await connection.execute(text("UPDATE companies SET name = 'De Brug'"))
        assert await last_use(database, secret_id) == clock()
        assert await store.names([company_id]) == {company_id: "De Brug"}


async def test_a_last_use_that_takes_long_takes_nothing_with_it(postgres_server: PostgresServer) -> None:
    clock, url = SetClock(), await postgres_server.create_database()
    slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'"
    async with open_migrated(url) as database:
        company_id, secret_id = await first_secret_of(database, clock)
        async with database.transaction() as connection:
            await connection.execute(text(slow))
            trigger = "CREATE TRIGGER slow BEFORE UPDATE ON company_secrets FOR EACH ROW EXECUTE FUNCTION slow()"
            await connection.execute(text(trigger))
        async with database.transaction() as connection:
            await SqlCompanies(database).note_use(secret_id, clock(), clock() - HOUR)
            await connection.execute(text("UPDATE companies SET name = 'De Brug'"))
        assert await last_use(database, secret_id) is None
        assert await SqlCompanies(database).names([company_id]) == {company_id: "De Brug"}


async def test_a_secret_whose_end_came_a_month_ago_is_forgotten(database: Database) -> None:
    clock, company_id = SetClock(), await kept_company(database)
    [first] = await secrets_of(database, clock).current(company_id)
    ended, _ = await secrets_of(database, clock).make(company_id, None, 1)

    async def kept() -> set[UUID]:
        query = select(company_secrets.c.secret_id).where(company_secrets.c.company_id == company_id)
        async with database.read() as connection:
            return set(await connection.scalars(query))

    clock.forward(days=31, seconds=-1)
    await purge(database, clock())
    assert await kept() == {first.secret_id, ended.secret_id}
    clock.forward(seconds=1)
    await purge(database, clock())
    assert await kept() == {first.secret_id}


async def test_a_token_that_waited_while_a_secret_was_revoked_makes_none(database: Database) -> None:
    """It was let in before: whoever asks without a pause would else have the place of the one that goes."""
    clock, company_id = SetClock(), await kept_company(database)
    secrets = secrets_of(database, clock)
    _, issued_at = await secrets.make(company_id, None, None), int(clock().timestamp())
    [first, _] = await secrets.current(company_id)
    await secrets.revoke(company_id, str(first.secret_id))
    with pytest.raises(NotAuthenticated):
        await secrets.make(company_id, None, None, issued_at=issued_at)
    await secrets.make(company_id, None, None, issued_at=issued_at + 1)
    assert len(await secrets.current(company_id)) == 2


async def test_a_token_that_a_secret_gets_while_it_is_being_revoked_is_from_before(empty_database: Database) -> None:
    """Until the commit it gets tokens, and that may take its time."""
    clock, company_id = SetClock(), await kept_company(empty_database)

    class Slow(Joined):
        async def write(self, *events: Event) -> None:
            clock.forward(seconds=2)
            await super().write(*events)

    await secrets_of(empty_database, clock).make(company_id, None, None)
    [first, _] = await secrets_of(empty_database, clock).current(company_id)
    slow = CompanySecrets(SqlCompanies(empty_database), SqlPartnerKeys(empty_database), Slow(empty_database), clock)
    await slow.revoke(company_id, str(first.secret_id))
    got_last = int(clock().timestamp())
    tokens = SqlCompanyTokens(empty_database)
    assert await tokens.standing(company_id, bytes(32), got_last) is Standing.SECRET_REVOKED
    assert await tokens.standing(company_id, bytes(32), got_last + 1) is Standing.GOOD


_NOT_WRITABLE = {
    "sqlite": ["CREATE TRIGGER refuse BEFORE UPDATE ON company_secrets BEGIN SELECT RAISE(ABORT, 'full'); END"],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''full''; END'",
        "CREATE TRIGGER refuse BEFORE UPDATE ON company_secrets FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
}


async def test_a_last_use_that_cannot_be_written_takes_nothing_with_it(empty_database: Database) -> None:
    clock = SetClock()
    company_id, secret_id = await first_secret_of(empty_database, clock)
    async with empty_database.transaction() as connection:
        for statement in _NOT_WRITABLE[empty_database.engine.dialect.name]:
            await connection.execute(text(statement))
    store = SqlCompanies(empty_database)
    async with empty_database.transaction() as connection:
        await store.note_use(secret_id, clock(), clock() - HOUR)
        await connection.execute(text("UPDATE companies SET name = 'De Brug'"))
    assert await last_use(empty_database, secret_id) is None
    assert await store.names([company_id]) == {company_id: "De Brug"}


async def test_a_connection_that_is_lost_with_the_last_use_is_said_to_be_lost(postgres_server: PostgresServer) -> None:
    """And no fault of ours: what follows in the transaction could not be written either."""
    clock = SetClock()
    lose = "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend({}); END'"
    async with open_migrated(await postgres_server.create_database()) as database:
        _, secret_id = await first_secret_of(database, clock)
        async with database.transaction() as connection:
            await connection.execute(text(lose.format("pg_backend_pid()")))
            trigger = "CREATE TRIGGER lose BEFORE UPDATE ON company_secrets FOR EACH ROW EXECUTE FUNCTION lose()"
            await connection.execute(text(trigger))

        async def note_and_go_on() -> None:
            async with database.transaction() as connection:
                await SqlCompanies(database).note_use(secret_id, clock(), clock() - HOUR)
                await connection.execute(text("UPDATE companies SET name = 'De Brug'"))

        with pytest.raises(Unavailable):
            await note_and_go_on()
        assert await last_use(database, secret_id) is None
