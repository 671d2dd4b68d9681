"""Migrated databases, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from common.settings import DatabaseSettings
from common.sql import Database
from identity.companies.model import Company, Status
from identity.companies.store_sql import SqlCompanies
from schemas.identifiers import CompanyId
from services.databases import open_databases, urls_of
from services.migrate import migrate
from sso.issuer.clients import make_secret, secret_digest
from tests.support.memory import REGISTERED


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
