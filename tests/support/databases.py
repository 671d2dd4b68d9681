"""Migrated databases, on SQLite and on PostgreSQL.

A run needs some hundreds that are empty: those of SQLite are copies of one file, and on PostgreSQL, where to make one
takes half a second, one is emptied. How schemas are migrated is what `tests/contract/test_migrations.py` is about.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from common.settings import DatabaseSettings
from common.sql import Database
from identity.companies.model import Company, Status
from identity.companies.store_sql import SqlCompanies
from identity.pseudoniem.digest import DigestKey
from identity.pseudoniem.service import Pseudoniemen
from identity.pseudoniem.store_sql import SqlPseudoniemen
from identity.pseudoniem.versions import recognised
from schemas.identifiers import CompanyId
from services.databases import OWNERS, Owner, open_databases, urls_of
from services.schema import bring_up_to_date
from sso.issuer.clients import make_secret, secret_digest
from tests.support.clock import SetClock
from tests.support.memory import REGISTERED, MemoryAudit
from tests.support.servers.postgres_server import PostgresServer

_SQLITE = "sqlite:///"
_on_sqlite: list[bytes] = []
_on_postgresql: dict[str, str] = {}
"""The URL of the database that is emptied, by the URL of its server."""


@asynccontextmanager
async def open_migrated(url: str) -> AsyncIterator[Database]:
    """Give the database at `url`, with the tables of all owners, and close it in the end."""
    await copy_if_new(url)
    databases = open_databases(urls_of(DatabaseSettings(url=url)))
    try:
        await bring_up_to_date(databases)
        yield databases.identity
    finally:
        await databases.close()


async def emptied_postgresql(server: PostgresServer) -> str:
    """Return the URL of the one database for tests that need it empty, with all tables and nothing in them.

    It is for one test at a time: what the one before left in it is deleted here.
    """
    if server.url not in _on_postgresql:
        url = await server.create_database()
        await _migrate(url)
        _on_postgresql[server.url] = url
    database = Database(_on_postgresql[server.url])
    try:
        async with database.transaction() as connection:
            for owner in OWNERS:
                for table in reversed(owner.tables.sorted_tables):
                    await connection.execute(table.delete())
    finally:
        await database.close()
    return database.url


async def copy_if_new(url: str) -> None:
    """Have a database of SQLite that is not there yet begin with the tables of all owners."""
    if not _is_new_file(url):
        return
    if not _on_sqlite:
        with TemporaryDirectory() as folder:
            template = f"{_SQLITE}{folder}/sso.db"
            await _migrate(template)
            _on_sqlite.append(_file_of(template).read_bytes())
    _file_of(url).write_bytes(_on_sqlite[0])


def _is_new_file(url: str) -> bool:
    return url.startswith(_SQLITE) and not _file_of(url).exists()


def _file_of(url: str) -> Path:
    return Path(url.removeprefix(_SQLITE))


async def _migrate(url: str) -> None:
    databases = open_databases(urls_of(DatabaseSettings(url=url)))
    try:
        await bring_up_to_date(databases)
    finally:
        await databases.close()


async def kept_company(database: Database) -> CompanyId:
    """Return a new active company; what else is kept refers to one."""
    company_id = CompanyId(uuid4())
    company = Company(company_id, "Huisartsenpraktijk De Linde", Status.ACTIVE, REGISTERED)
    await SqlCompanies(database).add(company, secret_digest(make_secret()))
    return company_id


async def pseudoniemen_of(database: Database, *keys: DigestKey) -> Pseudoniemen:
    """Return the pseudoniemen of a process that has these digest keys."""
    store = SqlPseudoniemen(database)
    return Pseudoniemen(store, await recognised(store, keys), MemoryAudit(), SetClock())


async def migrate_to(database: Database, owner: Owner, revision: str) -> None:
    """Bring an owner's schema to a revision, for what was kept before the next one."""
    scripts = ScriptDirectory(str(owner.history), version_locations=[str(owner.history)])

    def upgrade(connection: Connection) -> None:
        def steps(current: Any, _context: MigrationContext) -> Any:
            return scripts._upgrade_revs(revision, current)

        with EnvironmentContext(Config(), scripts, fn=steps) as context:
            context.configure(connection=connection, version_table=owner.version_table, render_as_batch=True)
            context.run_migrations()

    async with database.transaction() as connection:
        await connection.run_sync(upgrade)
