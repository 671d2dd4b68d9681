"""What the audit says: of one request, of a company, or in all."""

import json
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import ColumnElement, Row, Table, select

from common.audit.store_sql import DOSSIER_EVENTS, IDENTITY_EVENTS, IDENTITY_REFUSALS, PSEUDONIEM_EVENTS
from common.sql import Database
from tests.support.world import World

Said = dict[str, Any]
"""An event's name under `event`, and each of its fields."""

REFUSALS = IDENTITY_REFUSALS
TABLES = (IDENTITY_EVENTS, PSEUDONIEM_EVENTS, DOSSIER_EVENTS)


async def said(world: World, *answers: httpx2.Response) -> list[Said]:
    """Return the events of the requests that these are the answers to, owner by owner."""
    requests = [UUID(answer.headers["x-request-id"]) for answer in answers]
    found = [await events(world, table, table.c.request_id.in_(requests)) for table in TABLES]
    return [event for events_of_owner in found for event in events_of_owner]


async def said_of(world: World, company_id: str) -> list[Said]:
    """Return the events of identity and of dossiers about a company, owner by owner."""
    found = [await events(world, table, table.c.company_id == UUID(company_id)) for table in TABLES]
    return [event for events_of_owner in found for event in events_of_owner]


async def events(world: World, table: Table, *which: ColumnElement[bool]) -> list[Said]:
    """Return the events of a table, in their order."""
    databases = world.service.ground.databases
    by_table = dict(zip(TABLES, (databases.identity, databases.pseudoniem, databases.dossier), strict=True))
    return [as_said(row) for row in await rows(by_table[table], table, *which)]


async def rows(database: Database, table: Table, *which: ColumnElement[bool]) -> list[Row[Any]]:
    """Return the rows of a table of the audit."""
    async with database.read() as connection:
        return list(await connection.execute(select(table).where(*which).order_by(*table.primary_key)))


def as_said(row: Row[Any]) -> Said:
    """Return what a row says."""
    columns = {name: str(getattr(row, name)) for name in ("company_id", "pseudoniem") if getattr(row, name)}
    return {"event": row.event, **columns, **json.loads(row.details)}


async def counted(world: World) -> dict[tuple[str, str], int]:
    """Return how many refusals were counted, by address and cause, over all minutes."""
    await flushed(world)
    counts: dict[tuple[str, str], int] = {}
    for row in await rows(world.service.ground.databases.identity, REFUSALS):
        counts[row.address, row.cause] = counts.get((row.address, row.cause), 0) + row.times
    return counts


async def flushed(world: World) -> None:
    """Keep what was counted until now."""
    store = world.service.ground.databases.refusals
    assert store is not None
    await world.service.ground.counter.flush(store)
