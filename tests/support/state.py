"""All that the service keeps, to compare before and after."""

from typing import Any

from sqlalchemy import BigInteger, Table, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from common.sql import DOSSIER, IDENTITY, PSEUDONIEM
from tests.support.world import World

AUDIT = {f"{owner}_{kind}" for owner in ("identity", "pseudoniem", "dossier") for kind in ("audit", "refusals")}
"""What a refusal changes, of course: it is written down."""

Kept = dict[str, set[Any]]
"""The rows of each table, and the keys in Redis."""


async def state_of(world: World) -> Kept:
    """Return every row of every table but the audit's, and every key in Redis."""
    databases, redis = world.service.ground.databases, world.service.ground.redis
    counters = (b"sso:ready", b"sso:limit:")  # what a refused request may change
    kept: Kept = {"redis": {key async for key in redis.scan_iter(count=10_000) if not key.startswith(counters)}}
    owners = ((databases.identity, IDENTITY), (databases.pseudoniem, PSEUDONIEM), (databases.dossier, DOSSIER))
    for database, tables in owners:
        async with database.read() as connection:
            for table in (table for table in tables.sorted_tables if table.name not in AUDIT):
                kept[table.name] = await _rows(connection, table, world.seen)
    return kept


async def _rows(connection: AsyncConnection, table: Table, seen: dict[str, tuple[Any, set[Any]]]) -> set[Any]:
    """Return every row; on PostgreSQL those that were seen if nobody has written since: the tables grow with the tests.

    There each row has the number of the transaction that wrote it, so whatever is written, the highest or the count is
    another.
    """
    version: Any = None
    if connection.dialect.name == "postgresql":
        highest = func.max(literal_column("xmin::text::bigint", BigInteger))
        version = (await connection.execute(select(func.count(), highest).select_from(table))).one()
        if table.name in seen and seen[table.name][0] == version:
            return seen[table.name][1]
    rows = {tuple(row) for row in await connection.execute(select(table))}
    seen[table.name] = (version, rows)
    return rows


async def changed(world: World, before: Kept) -> Kept:
    """Return what is there and was not, and what was there and is not: nothing, after a refusal.

    Keys that have left Redis do not count: those of other tests expire.
    """
    after = await state_of(world)
    different = {name: rows ^ before[name] for name, rows in after.items() if name != "redis"}
    different["redis"] = after["redis"] - before["redis"]
    return {name: rows for name, rows in different.items() if rows}
