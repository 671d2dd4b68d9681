"""Migrated databases, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from services.databases import Owner, open_databases, urls_of
from services.migrate import migrate
from sso.issuer.clients import make_secret, secret_digest
from tests.support.clock import SetClock
from tests.support.memory import REGISTERED, MemoryAudit


@asynccontextmanager
async def open_migrated(url: str) -> AsyncIterator[Database]:
    """Give the database at `url`, with the tables of all owners, and close it in the end."""
    databases = open_databases(urls_of(DatabaseSettings(url=url)))
    try:
        await migrate(databases)
        yield databases.identity
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
