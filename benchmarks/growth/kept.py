"""What there is in a database, and what a launch adds to it: rows, bytes, and bytes of PostgreSQL's journal."""
# mypy: disable-error-code="import-untyped"

import asyncio
from typing import Any, Final

import asyncpg

from benchmarks.growth.service import Service
from benchmarks.harness.processor import cpu_seconds

_TABLES: Final = """
SELECT relname AS table, reltuples::bigint AS rows, pg_relation_size(oid) AS heap, pg_indexes_size(oid) AS indexes
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 0 ORDER BY 3 DESC
"""
_WRITTEN: Final = "SELECT pg_current_wal_insert_lsn() - '0/0'"
LAUNCHES: Final = 300


async def tables(url: str) -> dict[str, dict[str, int]]:
    """Return of each table how many rows there are, and the bytes of its heap and of its indexes."""
    connection = await asyncpg.connect(url)
    try:
        return {row["table"]: dict(list(row.items())[1:]) for row in await connection.fetch(_TABLES)}
    finally:
        await connection.close()


def journal(runner: asyncio.Runner, service: Service, url: str, compression: str) -> float:
    """Return how many bytes of the journal one launch writes, right after a checkpoint.

    Then the first change of each page writes the page itself (`full_page_writes`), compressed or not.
    """
    setting = f"ALTER SYSTEM SET wal_compression = '{compression}'"
    ready = (setting, "SELECT pg_reload_conf()", "CHECKPOINT")
    before = runner.run(_value(url, *ready, _WRITTEN))
    _launch(runner, service)
    return (float(runner.run(_value(url, _WRITTEN))) - float(before)) / LAUNCHES


def commands(runner: asyncio.Runner, service: Service, redis_pid: int, redis: Any) -> dict[str, float]:  # noqa: ANN401 - redis-py's
    """Return how many commands one launch gives Redis, and the microseconds of processor time that these take."""
    before, cpu = redis.info("stats")["total_commands_processed"], cpu_seconds(redis_pid)
    _launch(runner, service)
    cpu = cpu_seconds(redis_pid) - cpu
    sent = redis.info("stats")["total_commands_processed"] - before - 1
    return {"commands": sent / LAUNCHES, "cpu_us": cpu / LAUNCHES * 1e6}


def _launch(runner: asyncio.Runner, service: Service) -> None:
    async def send() -> None:
        for request in service.launches(LAUNCHES):
            await service.ask(request)

    runner.run(send())


async def _value(url: str, *statements: str) -> Any:  # noqa: ANN401 - any one column
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()
