"""What PostgreSQL carries alone, with the rows of a launch: one launch in a transaction, and a hundred.

Every commit waits for the disk, as in production (`fsync`, `synchronous_commit` and `full_page_writes` are on). The
tables are those of the migrations and begin empty; that data in them change nothing is shown by `make bench-growth`.
"""
# mypy: disable-error-code="import-untyped"

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

import asyncpg

from benchmarks.growth.server import AS_PRODUCTION, LargePostgres
from benchmarks.harness.processor import cpu_seconds
from tests.support.production import make_ready

CONNECTIONS: Final = 32
SECONDS: Final = 8.0
BATCH: Final = 100

_COMPANY: Final = (
    "INSERT INTO companies (company_id, name, status, registered_at) VALUES ($1, 'Praktijk', 'active', now())"
)
_ACCOUNT: Final = (
    "INSERT INTO accounts (account_id, sealed_firstname, sealed_lastname, sealed_email, name_digest, created_at) "
    "VALUES ($1, '', '', '', sha256('x'), now())"
)

_ONE: Final = """
WITH new AS (SELECT gen_random_uuid() AS launch_id, gen_random_uuid() AS pseudoniem FROM generate_series(1, $3)),
spent AS (
  INSERT INTO spends (company_id, jti_digest, launch_id, spent_at)
  SELECT $1, sha256(uuid_send(launch_id)), launch_id, now() FROM new ON CONFLICT DO NOTHING
), launched AS (
  INSERT INTO launches
    (launch_id, company_id, account_id, sub, status, pseudoniem, treatment_relationship_id, launched_at)
  SELECT launch_id, $1, $2, 'prof-1', 'linked', pseudoniem, 'tr-1', now() FROM new
), told AS (
  INSERT INTO identity_audit (at, event, outcome, request_id, company_id, pseudoniem, details)
  SELECT now(), 'launch.accepted', 'yes', launch_id, $1, pseudoniem, repeat('x', 290) FROM new
)
INSERT INTO sessions (digest, launch_id, sealed_patient, opened_at, seen_at)
SELECT sha256(uuid_send(launch_id)), launch_id, sha256('x') || sha256('y'), now(), now() FROM new
"""
"""All rows of so many launches with a session, in one statement: nothing but the rows is left to do."""


def measure() -> dict[str, dict[str, float]]:
    """Measure on a server of our own."""
    with TemporaryDirectory() as folder, LargePostgres(**AS_PRODUCTION) as postgres:
        url = asyncio.run(postgres.create_database())
        asyncio.run(make_ready(Path(folder), url))
        return {
            "one by one": asyncio.run(_carried(url, postgres.pid, 1)),
            "a hundred at once": asyncio.run(_carried(url, postgres.pid, BATCH)),
        }


async def _carried(url: str, pid: int, at_once: int) -> dict[str, float]:
    """Return launches a second, with their processor time and their bytes of the journal."""
    pool = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS)
    try:
        company, account = uuid4(), uuid4()
        await pool.execute(_COMPANY, company)
        await pool.execute(_ACCOUNT, account)
        await pool.execute("CHECKPOINT")
        written, cpu, began = await _written(pool), cpu_seconds(pid), time.monotonic()
        counts = await asyncio.gather(*(_insert(pool, company, account, at_once) for _ in range(CONNECTIONS)))
        seconds, launches = time.monotonic() - began, sum(counts)
        cpu = cpu_seconds(pid) - cpu
        return {
            "per_second": launches / seconds,
            "cpu_us": cpu / launches * 1e6,
            "journal_bytes": (await _written(pool) - written) / launches,
            "cores": cpu / seconds,
        }
    finally:
        await pool.close()


async def _insert(pool: Any, company: object, account: object, at_once: int) -> int:  # noqa: ANN401 - the driver's own
    done, end = 0, time.monotonic() + SECONDS
    async with pool.acquire() as connection:
        statement = await connection.prepare(_ONE)
        while time.monotonic() < end:
            await statement.fetch(company, account, at_once)
            done += at_once
    return done


async def _written(pool: Any) -> float:  # noqa: ANN401 - the driver's own
    return float(await pool.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'"))
