"""Companies in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, LargeBinary, Row, String, Table, Uuid, delete, exists, select

from common.sql import IDENTITY, Database, UtcDateTime
from identity.companies.model import Company, Status
from schemas.facts import Standing
from schemas.identifiers import CompanyId

companies = Table(
    "companies",
    IDENTITY,
    Column("company_id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
)

company_secrets = Table(
    "company_secrets",
    IDENTITY,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("company_id", Uuid, ForeignKey("companies.company_id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
)

revoked_tokens = Table(
    "revoked_tokens",
    IDENTITY,
    Column("company_id", Uuid, ForeignKey("companies.company_id"), primary_key=True),
    Column("jti_digest", LargeBinary(32), primary_key=True),
    Column("kept_until", UtcDateTime, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class SqlCompanies:
    """`CompanyStore` on a database."""

    database: Database

    async def add(self, company: Company, secret_digest: bytes) -> None:
        values = {
            "company_id": company.company_id,
            "name": company.name,
            "status": company.status.value,
            "registered_at": company.registered_at,
        }
        secret = {
            "digest": secret_digest,
            "company_id": company.company_id,
            "created_at": company.registered_at,
        }
        async with self.database.transaction() as connection:
            await connection.execute(companies.insert().values(values))
            await connection.execute(company_secrets.insert().values(secret))

    async def find(self, company_id: CompanyId) -> Company | None:
        async with self.database.read() as connection:
            row = (await connection.execute(select(companies).where(companies.c.company_id == company_id))).first()
        return _company(row) if row else None

    async def all(self) -> Sequence[Company]:
        query = select(companies).order_by(companies.c.registered_at, companies.c.company_id)
        async with self.database.read() as connection:
            return [_company(row) for row in await connection.execute(query)]

    async def set_status(self, company_id: CompanyId, status: Status, *, was: Status) -> bool:
        change = companies.update().where(companies.c.company_id == company_id, companies.c.status == was.value)
        async with self.database.transaction() as connection:
            changed = await connection.execute(change.values(status=status.value))
        return bool(changed.rowcount)

    async def secret_digests(self, company_id: CompanyId) -> Sequence[bytes]:
        query = select(company_secrets.c.digest).where(company_secrets.c.company_id == company_id)
        async with self.database.read() as connection:
            return list(await connection.scalars(query))

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        query = select(companies.c.company_id, companies.c.name).where(companies.c.company_id.in_(company_ids))
        async with self.database.read() as connection:
            return {CompanyId(row.company_id): row.name for row in await connection.execute(query)}


@dataclass(frozen=True, slots=True)
class SqlCompanyTokens:
    """`CompanyTokenStore` on a database."""

    database: Database

    async def standing(self, company_id: CompanyId, jti_digest: bytes) -> Standing:
        revoked = exists().where(revoked_tokens.c.company_id == company_id, revoked_tokens.c.jti_digest == jti_digest)
        query = select(companies.c.status, revoked.label("revoked")).where(companies.c.company_id == company_id)
        async with self.database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None or row.status != Status.ACTIVE.value:
            return Standing.COMPANY_NOT_ACTIVE
        return Standing.TOKEN_REVOKED if row.revoked else Standing.GOOD

    async def revoke(self, company_id: CompanyId, jti_digest: bytes, until: datetime) -> bool:
        values = {"company_id": company_id, "jti_digest": jti_digest, "kept_until": until}
        insert = self.database.insert(revoked_tokens).values(values).on_conflict_do_nothing()
        async with self.database.transaction() as connection:
            return bool((await connection.execute(insert)).rowcount)


async def purge(database: Database, now: datetime) -> None:
    """Forget the revoked tokens that no clock could accept any more."""
    async with database.transaction() as connection:
        await connection.execute(delete(revoked_tokens).where(revoked_tokens.c.kept_until <= now))


def _company(row: Row[Any]) -> Company:
    return Company(CompanyId(row.company_id), row.name, Status(row.status), row.registered_at)
