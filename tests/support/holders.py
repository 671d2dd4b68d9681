"""Whoever is held where it waits for PostgreSQL: a launch, a command; and the process that waits."""
# mypy: disable-error-code="import-untyped"

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg

SECONDS = 10.0

Holding = AbstractAsyncContextManager[asyncpg.Connection]


def before_its_row_is_kept(url: str) -> Holding:
    """Have every launch wait before its spend row; give a connection to look at who waits."""
    return for_readers_alone(url, "spends")


def for_readers_alone(url: str, table: str) -> Holding:
    """Have whoever writes to a table, or locks rows of it, wait; give a connection to look at who waits."""
    return _held(url, f"LOCK TABLE {table} IN EXCLUSIVE MODE")


def for_row_lockers_too(url: str, table: str) -> Holding:
    """Have whoever writes to a table wait; not whoever merely locks rows of it. Give a connection to look."""
    return _held(url, f"LOCK TABLE {table} IN SHARE MODE")


def a_row(url: str, table: str) -> Holding:
    """Have whoever changes or locks some row of a table wait; give a connection to look at who waits."""
    return _held(url, f"SELECT FROM {table} LIMIT 1 FOR UPDATE")


@asynccontextmanager
async def _held(url: str, statement: str) -> AsyncIterator[asyncpg.Connection]:
    holding, looking = await asyncpg.connect(url), await asyncpg.connect(url)  # a transaction sees who waits but once
    try:
        async with holding.transaction():
            await holding.execute(statement)
            yield looking
    finally:
        await looking.close()
        await holding.close()


@asynccontextmanager
async def after_its_commit(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Have every COMMIT take place and its answer wait, for a replica that does not exist."""
    connection = await asyncpg.connect(url)
    try:
        await _settle(connection, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "nobody")
        yield connection
    finally:
        await _settle(connection, "ALTER SYSTEM RESET synchronous_standby_names", "")
        await connection.close()


async def _settle(connection: asyncpg.Connection, change: str, value: str) -> None:
    await connection.execute("SET synchronous_commit = local")
    await connection.execute(change)
    await connection.execute("SELECT pg_reload_conf()")
    while await connection.fetchval("SHOW synchronous_standby_names") != value:
        pass


async def who_waits(looking: asyncpg.Connection, processes: Sequence[int]) -> int:
    """Return which of our processes waits for PostgreSQL, as soon as one does. Raises TimeoutError if none does."""
    end = time.monotonic() + SECONDS
    query = "SELECT client_port FROM pg_stat_activity WHERE wait_event_type = 'Lock' OR wait_event = 'SyncRep'"
    while time.monotonic() < end:
        sockets = {_socket_at(row["client_port"]) for row in await looking.fetch(query)}
        for process in processes:
            if sockets & _open_files(process):
                return process
        await asyncio.sleep(0)
    raise TimeoutError


async def until_waiting(looking: asyncpg.Connection, *, seconds: float = 0) -> None:
    """Return as soon as a statement has waited for a lock in this database for `seconds`. Raises TimeoutError."""
    end = time.monotonic() + seconds + SECONDS
    query = "SELECT max(extract(epoch FROM clock_timestamp() - query_start)) FROM pg_stat_activity"
    while time.monotonic() < end:
        waited = await looking.fetchval(f"{query} WHERE datname = current_database() AND wait_event_type = 'Lock'")
        if waited is not None and waited >= seconds:
            return
    raise TimeoutError


def _socket_at(port: int) -> str:
    """Return the name that the kernel has for the socket at a local port of ours; empty where it is closed by now."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(f":{port:04X}"):
            return f"socket:[{words[9]}]"
    return ""


def _open_files(process: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{process}/fd").iterdir():
        try:
            found.add(str(file.readlink()))
        except FileNotFoundError:  # closed while we looked
            continue
    return found
