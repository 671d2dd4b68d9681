"""Filling a migrated database: what PostgreSQL can make by itself it makes, on as many connections as there are cores.

Nothing that production has is dropped: rows go in beside all indexes and constraints. Foreign keys alone are not asked
for each row, as a restore does it (`session_replication_role`); the arithmetic knows that what they point to is there.
"""
# mypy: disable-error-code="import-untyped"

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from benchmarks.growth import functions
from benchmarks.growth.functions import uuid_of
from benchmarks.growth.groups import group_rows
from benchmarks.growth.population import Population, bsn_of
from benchmarks.growth.tables import Filling, fillings
from identity.pseudoniem.digest import DigestKey
from keys.sealing import Sealer
from sso.issuer.clients import secret_digest

CHUNK: Final = 250_000
"""Rows of one statement."""

_SQLITE: Final = "sqlite:///"

Rows = list[dict[str, Any]]


def secret_of(company: int) -> str:
    """Return the secret of a company."""
    return f"secret-of-{company:032d}"


def fill(url: str, population: Population, key: DigestKey, sealer: Sealer) -> float:
    """Fill a migrated database in which there is nothing but our own keys; return how many seconds it took."""
    began, now = time.monotonic(), int(time.time())
    made = fillings(population, now)
    if url.startswith(_SQLITE):
        _on_sqlite(Path(url.removeprefix(_SQLITE)), population, key, made, _small_tables(population, sealer, now))
    else:
        asyncio.run(_on_postgresql(url, population, key, made, _small_tables(population, sealer, now)))
    return time.monotonic() - began


def _small_tables(population: Population, sealer: Sealer, now: int) -> Iterator[tuple[str, Rows]]:
    at, numbers = datetime.fromtimestamp(now - 64_000_000, UTC), range(1, population.companies + 1)
    yield (
        "companies",
        [
            {"company_id": uuid_of("company", one), "name": f"Praktijk {one}", "status": "active", "registered_at": at}
            for one in numbers
        ],
    )
    yield "company_secrets", [
        {"digest": secret_digest(secret_of(one)), "company_id": uuid_of("company", one), "created_at": at,
         "secret_id": uuid_of("secret", one)}
        for one in numbers
    ]  # fmt: skip
    for rows in group_rows(population, sealer):
        yield "dossier_groups", rows.groups
        yield "group_dossiers", rows.dossiers
        yield "group_dossier_words", rows.words


async def _on_postgresql(
    url: str, population: Population, key: DigestKey, made: Iterable[Filling], small: Iterable[tuple[str, Rows]]
) -> None:
    connection = await asyncpg.connect(url)
    try:
        for table, rows in small:
            if rows:
                records = [tuple(row.values()) for row in rows]
                await connection.copy_records_to_table(table, records=records, columns=list(rows[0]))
        await connection.execute(functions.on_postgresql(population, key))
        await _require_same(connection, population, key)
        chunks = asyncio.Queue[str]()
        for one in made:
            for start in range(0, one.rows, CHUNK):
                end = min(start + CHUNK, one.rows) - 1
                chunks.put_nowait(one.statement(f"generate_series({start}::bigint, {end}::bigint) AS n"))
        await asyncio.gather(*(_work(url, chunks) for _ in range(os.cpu_count() or 1)))
        await connection.execute(f"DROP SCHEMA {functions.SCHEMA} CASCADE")
        await connection.execute("VACUUM (ANALYZE)")  # as autovacuum would have it in time
    finally:
        await connection.close()


async def _require_same(connection: Any, population: Population, key: DigestKey) -> None:  # noqa: ANN401 - the driver's
    for number in (0, 1, population.patients - 1):
        got = await connection.fetchrow("SELECT made.bsn_of($1), made.digest_of($1), made.patient_of($1)", number)
        if tuple(got) != (bsn_of(number), functions.digest_of(key, number), population.patient_of(number)):
            raise RuntimeError("SQL and Python do not make the same rows")


async def _work(url: str, chunks: "asyncio.Queue[str]") -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET search_path = public, {functions.SCHEMA}")
        await connection.execute("SET session_replication_role = replica")
        while not chunks.empty():
            await connection.execute(chunks.get_nowait())
    finally:
        await connection.close()


def _on_sqlite(
    file: Path, population: Population, key: DigestKey, made: Iterable[Filling], small: Iterable[tuple[str, Rows]]
) -> None:
    connection = sqlite3.connect(file)
    try:
        functions.on_sqlite(connection, population, key)
        for pragma in ("synchronous=OFF", "cache_size=-2000000", "temp_store=MEMORY"):  # of this connection alone
            connection.execute(f"PRAGMA {pragma}")
        for table, rows in small:
            names = list(rows[0]) if rows else []
            places = ", ".join("?" * len(names))
            insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - names of ours
            connection.executemany(insert, ([_sqlite_form(value) for value in row.values()] for row in rows))
            connection.commit()
        for one in made:
            counting = "SELECT 0 AS n UNION ALL SELECT n + 1 FROM s WHERE n + 1 <"
            connection.execute(one.statement(f"(WITH RECURSIVE s AS ({counting} {one.rows}) SELECT n FROM s)"))  # noqa: S608 - a number  # noqa: S608
            connection.commit()
        connection.execute("ANALYZE")
        connection.commit()
    finally:
        connection.close()


def _sqlite_form(value: object) -> object:
    """Return a value as SQLAlchemy keeps it there."""
    if isinstance(value, UUID):
        return value.hex
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def name_of(url: str) -> str:
    """Return the name of the database that a URL points to."""
    return urlsplit(url).path.lstrip("/")
