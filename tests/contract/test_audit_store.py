"""The audit's tables on SQLite and PostgreSQL: what is written is there, in order, and counts add up."""

from datetime import timedelta
from ipaddress import IPv6Address
from uuid import uuid4

import pytest
from sqlalchemy import Table, select

from common.audit.catalogue import CATALOGUE, COMPANY_TOKEN_ISSUED
from common.audit.counter import MAX_KEYS, Key, RefusalCounter
from common.audit.dossier_events import DOSSIERS_LISTED, PERMISSION_WITHHELD
from common.audit.store_sql import (
    DOSSIER_EVENTS,
    DOSSIER_REFUSALS,
    IDENTITY_EVENTS,
    IDENTITY_REFUSALS,
    PSEUDONIEM_EVENTS,
    PSEUDONIEM_REFUSALS,
    SqlAuditLog,
    SqlRefusals,
)
from common.errors import BadSignature, NotFound, TokenReplayed, Unavailable
from common.request_id import REQUEST_ID
from common.sql import Database
from sso.verifier.replay import jti_digest
from sso.verifier.store_sql import SqlAssertions, client_assertions
from tests.support.audit import as_said, rows
from tests.support.clock import SetClock
from tests.support.databases import kept_company
from tests.support.memory import REGISTERED as NOW
from tests.support.races import at_once

OWNERS = pytest.mark.parametrize("table", [IDENTITY_EVENTS, PSEUDONIEM_EVENTS, DOSSIER_EVENTS], ids=str)
COUNTS = pytest.mark.parametrize("table", [IDENTITY_REFUSALS, PSEUDONIEM_REFUSALS, DOSSIER_REFUSALS], ids=str)


@OWNERS
async def test_events_are_there_as_they_were_in_their_order_with_their_request(
    database: Database, table: Table
) -> None:
    audit, company, patient, request = SqlAuditLog(database, table), uuid4(), uuid4(), uuid4()
    ambient = REQUEST_ID.set(request.hex)
    await audit.write(*(DOSSIERS_LISTED(NOW, company_id=company, count=count) for count in range(50)))
    await audit.write(PERMISSION_WITHHELD(NOW, company_id=company, pseudoniem=patient, because="pending"))
    REQUEST_ID.reset(ambient)
    await audit.write(DOSSIERS_LISTED(NOW + timedelta(seconds=1), company_id=company, count=50))

    *listed, withheld, last = await rows(database, table, table.c.company_id == company)
    assert [as_said(row)["count"] for row in [*listed, last]] == list(range(51))
    assert [row.id for row in [*listed, withheld, last]] == sorted({row.id for row in [*listed, withheld, last]})
    assert (withheld.at, withheld.outcome, withheld.pseudoniem, withheld.request_id) == (NOW, "no", patient, request)
    assert (last.outcome, last.pseudoniem, last.request_id) == ("yes", None, None)


async def test_an_event_of_every_type_can_be_kept(database: Database) -> None:
    audit, company = SqlAuditLog(database, IDENTITY_EVENTS), uuid4()
    made = [
        event(NOW, **{name: company if name == "company_id" else None for name in event.fields})
        for event in CATALOGUE.values()
        if "company_id" in event.fields
    ]
    await audit.write(*made)
    kept = await rows(database, IDENTITY_EVENTS, IDENTITY_EVENTS.c.company_id == company)
    assert [row.event for row in kept] == [event.type.name for event in made]


async def test_no_event_writes_nothing(database: Database) -> None:
    await SqlAuditLog(database, IDENTITY_EVENTS).write()


async def test_an_event_ends_with_the_transaction_that_it_is_in(database: Database) -> None:
    audit, company = SqlAuditLog(database, IDENTITY_EVENTS), uuid4()

    async def fail_at_the_end() -> None:
        async with audit.unit_of_work():
            await audit.write(DOSSIERS_LISTED(NOW, company_id=company, count=1))
            raise NotFound("x")

    with pytest.raises(NotFound):
        await fail_at_the_end()
    assert await rows(database, IDENTITY_EVENTS, IDENTITY_EVENTS.c.company_id == company) == []


@COUNTS
async def test_counts_of_many_processes_add_up(empty_database: Database, table: Table) -> None:
    keys = [Key(NOW, f"192.0.2.{last}", cause) for last in range(20) for cause in ("bad_signature", "unknown_key")]

    async def process(_: int) -> None:
        await SqlRefusals(empty_database, table).add(sorted((key, 3) for key in keys))

    await at_once(10, process)
    kept = await rows(empty_database, table)
    assert [(Key(row.minute, row.address, row.cause), row.times) for row in kept] == sorted((key, 30) for key in keys)


async def test_addresses_beyond_the_bound_are_counted_together(empty_database: Database) -> None:
    clock, store = SetClock(NOW), SqlRefusals(empty_database, IDENTITY_REFUSALS)
    counter, error = RefusalCounter(clock), BadSignature("x")
    for number in range(MAX_KEYS + 500):
        counter.count(error, str(IPv6Address(number + 2**64)))
        if number % 1000 == 0:
            await counter.flush(store)  # the bound is one of the minute, not of the flush
    await counter.flush(store)
    async with empty_database.read() as connection:
        kept = dict((await connection.execute(select(IDENTITY_REFUSALS.c.address, IDENTITY_REFUSALS.c.times))).all())
    assert (len(kept), kept["other"], sum(kept.values())) == (MAX_KEYS + 1, 500, MAX_KEYS + 500)

    clock.forward(minutes=1)
    counter.count(error, "192.0.2.1")
    await counter.flush(store)
    assert len(await rows(empty_database, IDENTITY_REFUSALS)) == MAX_KEYS + 2


async def test_a_count_that_could_not_be_kept_is_not_lost_and_not_kept_twice(empty_database: Database) -> None:
    class Silent:
        async def add(self, counted: object) -> None:  # noqa: ARG002 - the protocol's
            raise Unavailable("the database")

    counter = RefusalCounter(SetClock(NOW))
    for _ in range(3):
        counter.count(BadSignature("x"), "192.0.2.1")
        with pytest.raises(Unavailable):
            await counter.flush(Silent())
    store = SqlRefusals(empty_database, IDENTITY_REFUSALS)
    await counter.flush(store)
    await counter.flush(store)
    assert [row.times for row in await rows(empty_database, IDENTITY_REFUSALS)] == [3]


async def test_of_assertions_used_up_in_one_moment_the_replayed_ones_alone_are_refused_without_an_event(
    database: Database,
) -> None:
    company, audit, assertions = await kept_company(database), SqlAuditLog(database, IDENTITY_EVENTS), []

    async def use_up(number: int) -> bool:
        try:
            async with database.unit_of_work():
                await audit.write(COMPANY_TOKEN_ISSUED(NOW, company_id=company))
                await SqlAssertions(database).spend(company, jti_digest(str(number % 10)), NOW)
        except TokenReplayed:
            return False
        assertions.append(number % 10)
        return True

    assert await use_up(0)
    assert (await at_once(20, use_up)).count(True) == 9
    assert sorted(assertions) == list(range(10))
    assert len(await rows(database, IDENTITY_EVENTS, IDENTITY_EVENTS.c.company_id == company)) == 10
    assert len(await rows(database, client_assertions, client_assertions.c.company_id == company)) == 10
