"""The client assertions that were used: each is a row for a day, unique on whose it was and its jti."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, Uuid, delete

from common.sql import IDENTITY, Database, UtcDateTime
from common.store.statements import BulkInsert, Write
from schemas.identifiers import CompanyId
from sso.verifier.replay import replayed

_KEPT: Final = timedelta(days=1)

client_assertions = Table(
    "client_assertions",
    IDENTITY,
    Column("company_id", Uuid, ForeignKey("companies.company_id"), primary_key=True),
    Column("jti_digest", LargeBinary(32), primary_key=True),
    Column("spent_at", UtcDateTime, nullable=False, index=True),
)

service_assertions = Table(
    "service_assertions",
    IDENTITY,
    Column("digest", LargeBinary(32), primary_key=True),  # of the service and the jti
    Column("spent_at", UtcDateTime, nullable=False, index=True),
)

_BY_COMPANY: Final = BulkInsert(client_assertions.insert(), ("company_id", "jti_digest", "spent_at"))
_BY_SERVICE: Final = BulkInsert(service_assertions.insert(), ("digest", "spent_at"))


@dataclass(frozen=True, slots=True)
class SqlAssertions:
    """`SpentAssertions` on a database."""

    database: Database

    async def spend(self, company_id: CompanyId, jti_digest: bytes, now: datetime) -> None:
        row = {"company_id": company_id, "jti_digest": jti_digest, "spent_at": now}
        await self.database.write(Write(_BY_COMPANY, [row], replayed))


@dataclass(frozen=True, slots=True)
class SqlServiceAssertions:
    """`SpentServiceAssertions` on a database."""

    database: Database

    async def spend(self, digest: bytes, now: datetime) -> None:
        await self.database.write(Write(_BY_SERVICE, [{"digest": digest, "spent_at": now}], replayed))


async def purge(database: Database, now: datetime) -> None:
    """Forget the assertions that no clock could accept any more."""
    async with database.transaction() as connection:
        for used in (client_assertions, service_assertions):
            await connection.execute(delete(used).where(used.c.spent_at <= now - _KEPT))
