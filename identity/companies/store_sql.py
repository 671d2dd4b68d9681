"""Companies in the database."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import (
    Column,
    ForeignKey,
    LargeBinary,
    Row,
    String,
    Table,
    Uuid,
    delete,
    exc,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from common.sql import IDENTITY, Database, UtcDateTime
from common.store.statements import Keyed
from identity.companies.model import Company, CompanySecret, Status, first_secret
from identity.companies.tokens import is_older
from schemas.facts import Standing
from schemas.identifiers import CompanyId

companies = Table(
    "companies",
    IDENTITY,
    Column("company_id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("secret_revoked_at", UtcDateTime),
)

company_secrets = Table(
    "company_secrets",
    IDENTITY,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("company_id", Uuid, ForeignKey("companies.company_id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("secret_id", Uuid, nullable=False, unique=True),
    Column("label", String(255)),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)

revoked_tokens = Table(
    "revoked_tokens",
    IDENTITY,
    Column("company_id", Uuid, ForeignKey("companies.company_id"), primary_key=True),
    Column("jti_digest", LargeBinary(32), primary_key=True),
    Column("kept_until", UtcDateTime, nullable=False, index=True),
)

_BY_ID = Keyed(select(companies), companies.c.company_id)
_OF_COMPANY = company_secrets.c.company_id == companies.c.company_id
_WITH_SECRETS = Keyed(
    select(companies, *(column for column in company_secrets.c if column.name != "company_id"))
    .outerjoin(company_secrets, _OF_COMPANY)
    .order_by(company_secrets.c.created_at, company_secrets.c.secret_id),
    companies.c.company_id,
)
_REVOKED = Keyed(select(revoked_tokens), revoked_tokens.c.company_id, revoked_tokens.c.jti_digest)

ENDED_KEPT: Final = timedelta(days=30)
"""How long a secret is kept after its end."""

_NOTE_WAIT: Final = "200ms"
"""How long a token waits at most for the note of a last use; SKIP LOCKED does not skip a lock on the whole table."""

_log = structlog.get_logger("companies")


@dataclass(frozen=True, slots=True)
class SqlCompanies:
    """`SecretStore` on a database."""

    database: Database

    async def add(self, company: Company, secret_digest: bytes) -> None:
        values = {
            "company_id": company.company_id,
            "name": company.name,
            "status": company.status.value,
            "registered_at": company.registered_at,
        }
        async with self.database.transaction() as connection:
            await connection.execute(companies.insert().values(values))
            await self.add_secret(company.company_id, first_secret(company, secret_digest))

    async def find(self, company_id: CompanyId) -> Company | None:
        rows = await self.database.find(_BY_ID, company_id)
        return _company(rows[0]) if rows else None

    async def all(self) -> Sequence[Company]:
        query = select(companies).order_by(companies.c.registered_at, companies.c.company_id)
        async with self.database.read() as connection:
            return [_company(row) for row in await connection.execute(query)]

    async def set_status(self, company_id: CompanyId, status: Status, *, was: Status) -> bool:
        change = companies.update().where(companies.c.company_id == company_id, companies.c.status == was.value)
        async with self.database.transaction() as connection:
            changed = await connection.execute(change.values(status=status.value))
        return bool(changed.rowcount)

    async def with_secrets(
        self, company_id: CompanyId, now: datetime
    ) -> tuple[Company, Sequence[CompanySecret]] | None:
        rows = await self.database.find(_WITH_SECRETS, company_id)
        if not rows:
            return None
        secrets = [_secret(row) for row in rows if row.secret_id is not None]
        return _company(rows[0]), [one for one in secrets if one.expires_at is None or one.expires_at > now]

    async def note_use(self, secret_id: UUID, now: datetime, unless_after: datetime) -> None:
        last = company_secrets.c.last_used_at
        due = select(company_secrets.c.secret_id).where(
            company_secrets.c.secret_id == secret_id, or_(last.is_(None), last <= unless_after)
        )
        change = update(company_secrets).where(
            company_secrets.c.secret_id.in_(due.with_for_update(skip_locked=True))  # another one is writing it
        )
        async with self.database.transaction() as connection:
            try:
                # What fails or takes long in here takes nothing with it.
                async with connection.begin_nested(), self._impatient(connection):
                    await connection.execute(change.values(last_used_at=now))
            except exc.DBAPIError as error:
                if error.connection_invalidated:
                    raise  # and everything else of this transaction with it
                _log.warning("last use not kept", cause=type(error.orig).__name__)

    @asynccontextmanager
    async def _impatient(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Have PostgreSQL give up a statement inside by itself: the driver, which waits longer, loses the connection.

        SQLite has one writer, which has its turn already. The rollback of a savepoint sets it back too.
        """
        if not self.database.is_sqlite:
            await connection.execute(text(f"SET LOCAL statement_timeout = '{_NOTE_WAIT}'"))
        yield
        if not self.database.is_sqlite:
            await connection.execute(text("SET LOCAL statement_timeout TO DEFAULT"))

    async def lock_secrets(self, company_id: CompanyId) -> datetime | None:
        # NO KEY UPDATE: rows that merely refer to the company can still be written. SQLite has one writer anyway.
        lock = select(companies.c.secret_revoked_at).where(companies.c.company_id == company_id)
        async with self.database.transaction() as connection:
            revoked_at: datetime | None = await connection.scalar(lock.with_for_update(key_share=True))
        return revoked_at

    async def add_secret(self, company_id: CompanyId, secret: CompanySecret) -> None:
        over = (company_secrets.c.company_id == company_id, company_secrets.c.expires_at <= secret.created_at)
        async with self.database.transaction() as connection:
            await connection.execute(delete(company_secrets).where(*over))
            await connection.execute(company_secrets.insert().values(asdict(secret) | {"company_id": company_id}))

    async def remove_secret(self, company_id: CompanyId, secret_id: UUID) -> None:
        this = (company_secrets.c.company_id == company_id, company_secrets.c.secret_id == secret_id)
        async with self.database.transaction() as connection:
            await connection.execute(delete(company_secrets).where(*this))

    async def keep_revocation(self, company_id: CompanyId, at: datetime) -> None:
        last = companies.c.secret_revoked_at
        earlier = (companies.c.company_id == company_id, or_(last.is_(None), last < at))  # another clock may be ahead
        async with self.database.transaction() as connection:
            await connection.execute(update(companies).where(*earlier).values(secret_revoked_at=at))

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        query = select(companies.c.company_id, companies.c.name).where(companies.c.company_id.in_(company_ids))
        async with self.database.read() as connection:
            return {CompanyId(row.company_id): row.name for row in await connection.execute(query)}


@dataclass(frozen=True, slots=True)
class SqlCompanyTokens:
    """`CompanyTokenStore` on a database."""

    database: Database

    async def standing(self, company_id: CompanyId, jti_digest: bytes, issued_at: int | None) -> Standing:
        # Both are begun before one is waited for, so that they go together; `gather` takes longer than the questions.
        company = self.database.finding(_BY_ID, company_id)
        revocation = self.database.finding(_REVOKED, company_id, jti_digest)
        found, revoked = await company, await revocation
        if not found or found[0].status != Status.ACTIVE.value:
            return Standing.COMPANY_NOT_ACTIVE
        if revoked:
            return Standing.TOKEN_REVOKED
        older = issued_at is not None and is_older(issued_at, found[0].secret_revoked_at)
        return Standing.SECRET_REVOKED if older else Standing.GOOD

    async def revoke(self, company_id: CompanyId, jti_digest: bytes, until: datetime) -> bool:
        values = {"company_id": company_id, "jti_digest": jti_digest, "kept_until": until}
        insert = self.database.insert(revoked_tokens).values(values).on_conflict_do_nothing()
        async with self.database.transaction() as connection:
            return bool((await connection.execute(insert)).rowcount)


async def purge(database: Database, now: datetime) -> None:
    """Forget the revoked tokens that no clock could accept any more, and secrets a while after their end."""
    async with database.transaction() as connection:
        await connection.execute(delete(revoked_tokens).where(revoked_tokens.c.kept_until <= now))
        await connection.execute(delete(company_secrets).where(company_secrets.c.expires_at <= now - ENDED_KEPT))


def _company(row: Row[Any]) -> Company:
    return Company(CompanyId(row.company_id), row.name, Status(row.status), row.registered_at)


def _secret(row: Row[Any]) -> CompanySecret:
    return CompanySecret(row.secret_id, row.digest, row.label, row.created_at, row.expires_at, row.last_used_at)
