"""Launches, spends and sessions in the database.

The spend row is the second line against replay: unique on company and jti, in the launch's own transaction. It is
kept for a day (a revoked token's: from when it could be accepted on), in one table that is not partitioned, because a
unique constraint reaches no further than its table.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    column,
    delete,
    or_,
    select,
    table,
    text,
    update,
)

from common.sql import IDENTITY, Database, UtcDateTime
from common.store.statements import BulkInsert, Keyed, Row, Statement, Write
from keys.sealing import Sealer
from schemas.base import Rules
from schemas.claims import ProfInfo
from schemas.identifiers import AccountId, CompanyId, LaunchId, Pseudoniem, RelationshipId
from sso.launch.checks import Spend
from sso.launch.flow import Launch, launch_ended
from sso.launch.registration import VALID
from sso.launch.session import LIMITS, PatientShown, Session
from sso.verifier.replay import replayed

SPENDS_KEPT: Final = timedelta(days=1)

spends = Table(
    "spends",
    IDENTITY,
    Column("company_id", Uuid, ForeignKey("companies.company_id"), primary_key=True),
    Column("jti_digest", LargeBinary(32), primary_key=True),
    Column("launch_id", Uuid),  # none for a token that was revoked
    Column("spent_at", UtcDateTime, nullable=False, index=True),
)

_IS_TOLD = text("sealed_told IS NOT NULL")
_HAS_PATIENT = text("pseudoniem IS NOT NULL")

launches = Table(
    "launches",
    IDENTITY,
    Column("launch_id", Uuid, primary_key=True),
    Column("company_id", Uuid, ForeignKey("companies.company_id"), nullable=False),
    Column("account_id", Uuid, ForeignKey("accounts.account_id")),
    Column("sub", String(255), nullable=False),
    Column("status", String(21), nullable=False),
    Column("pseudoniem", Uuid),
    Column("treatment_relationship_id", String(255)),
    Column("launched_at", UtcDateTime, nullable=False),
    Column("sealed_told", LargeBinary),
    Column("relationship_id", Uuid),  # no foreign key: when the relationship ends, the launch stays as it was
    Index("ix_launches_told", "launched_at", postgresql_where=_IS_TOLD, sqlite_where=_IS_TOLD),
    Index("ix_launches_patient", "pseudoniem", postgresql_where=_HAS_PATIENT, sqlite_where=_HAS_PATIENT),
)

sessions = Table(
    "sessions",
    IDENTITY,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("launch_id", Uuid, ForeignKey("launches.launch_id"), nullable=False, index=True),
    Column("sealed_patient", LargeBinary, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
)

# What identity keeps, as far as it says whether a launch goes on: looked up with the launch itself, by primary keys, in
# one query. Joins, and not EXISTS: behind an OR PostgreSQL may read all of a table for that.
_relationships = table("treatment_relationships", column("relationship_id", Uuid))
_links = table("account_links", column("company_id", Uuid), column("sub", String), column("account_id", Uuid))
_ITS_RELATIONSHIP = _relationships.c.relationship_id == launches.c.relationship_id
_ITS_LINK = and_(*(_links.c[name] == launches.c[name] for name in ("company_id", "sub", "account_id")))
_GOES_ON = and_(
    or_(launches.c.treatment_relationship_id.is_(None), _relationships.c.relationship_id.is_not(None)),
    or_(launches.c.account_id.is_(None), _links.c.account_id.is_not(None)),
)
_JOINED = launches.outerjoin(_relationships, _ITS_RELATIONSHIP).outerjoin(_links, _ITS_LINK)
_BY_ID = Keyed(select(launches, _GOES_ON.label("goes_on")).select_from(_JOINED), launches.c.launch_id)

_SPEND = BulkInsert(spends.insert(), ("company_id", "jti_digest", "launch_id", "spent_at"))
SPENT = Keyed(select(spends), spends.c.company_id, spends.c.jti_digest)
_ADD = BulkInsert(
    launches.insert(),
    (
        *("launch_id", "company_id", "account_id", "sub", "status", "pseudoniem"),
        *("treatment_relationship_id", "launched_at", "sealed_told", "relationship_id"),
    ),
)
_OPEN = BulkInsert(sessions.insert(), ("digest", "launch_id", "sealed_patient", "opened_at", "seen_at"))
_SESSION = Keyed(select(sessions), sessions.c.digest)
_CLOSE = Statement(delete(sessions).where(sessions.c.digest == bindparam("this")))
_TOUCH = Statement(update(sessions).where(sessions.c.digest == bindparam("this")).values(seen_at=bindparam("now")))

_PATIENT = "sessions.sealed_patient"
_TOLD = "launches.sealed_told"


@dataclass(frozen=True, slots=True)
class SqlLaunches:
    """`Launches` on a database; what the EHR told of the professional lies sealed."""

    database: Database
    sealer: Sealer

    async def spend(self, company_id: CompanyId, jti_digest: bytes, launch_id: LaunchId, now: datetime) -> None:
        values = {"company_id": company_id, "jti_digest": jti_digest, "launch_id": launch_id, "spent_at": now}
        await self.database.write(Write(_SPEND, [values], replayed))

    async def spend_of(self, company_id: CompanyId, jti_digest: bytes) -> Spend | None:
        for row in await self.database.find(SPENT, company_id, jti_digest):
            return Spend(LaunchId(row.launch_id) if row.launch_id else None)
        return None

    async def revoke(self, company_id: CompanyId, jti_digest: bytes, until: datetime) -> bool:
        values = {"company_id": company_id, "jti_digest": jti_digest, "launch_id": None, "spent_at": until}
        spent = (spends.c.company_id == company_id, spends.c.jti_digest == jti_digest)
        async with self.database.transaction() as connection:
            kept = await connection.execute(self.database.insert(spends).values(values).on_conflict_do_nothing())
            if not kept.rowcount:  # of two tokens with one jti the later one counts
                longer = update(spends).where(*spent, spends.c.spent_at < until)
                await connection.execute(longer.values(spent_at=until))
        return bool(kept.rowcount)

    async def patient_of(self, launch_id: LaunchId) -> Pseudoniem | None:
        """Return the patient of a launch. Raises NotAuthenticated for one that has ended, or never was."""
        for row in await self.database.find(_BY_ID, launch_id):
            if row.goes_on:
                return Pseudoniem(row.pseudoniem) if row.pseudoniem else None
        raise launch_ended()

    async def add(self, launch: Launch) -> None:
        await self.database.write(Write(_ADD, [self._values(launch)]))

    async def registered(self, launch: Launch) -> None:
        values = {"account_id": launch.account_id, "status": launch.status, "sealed_told": None}
        async with self.database.transaction() as connection:
            this = launches.c.launch_id == launch.launch_id
            await connection.execute(update(launches).where(this).values(values))

    async def find(self, launch_id: LaunchId) -> Launch | None:
        rows = await self.database.find(_BY_ID, launch_id)
        return self._launch(rows[0]) if rows else None

    def _launch(self, row: Row) -> Launch:
        return Launch(
            launch_id=LaunchId(row.launch_id),
            company_id=CompanyId(row.company_id),
            account_id=AccountId(row.account_id) if row.account_id else None,
            sub=row.sub,
            status=row.status,
            pseudoniem=Pseudoniem(row.pseudoniem) if row.pseudoniem else None,
            treatment_relationship_id=row.treatment_relationship_id,
            launched_at=row.launched_at,
            told=self._told(row.sealed_told, LaunchId(row.launch_id)),
            relationship_id=RelationshipId(row.relationship_id) if row.relationship_id else None,
            ended=not row.goes_on,
        )

    def _values(self, launch: Launch) -> dict[str, object]:
        text = launch.told.model_dump_json(exclude_none=True) if launch.told else None
        return {
            "launch_id": launch.launch_id,
            "company_id": launch.company_id,
            "account_id": launch.account_id,
            "sub": launch.sub,
            "status": launch.status,
            "pseudoniem": launch.pseudoniem,
            "treatment_relationship_id": launch.treatment_relationship_id,
            "launched_at": launch.launched_at,
            "sealed_told": self.sealer.seal(text, _TOLD, launch.launch_id) if text else None,
            "relationship_id": launch.relationship_id,
        }

    def _told(self, sealed: bytes | None, launch_id: LaunchId) -> ProfInfo | None:
        if sealed is None:
            return None
        return ProfInfo.parse(json.loads(self.sealer.open(sealed, _TOLD, launch_id)), Rules())


@dataclass(frozen=True, slots=True)
class SqlSessions:
    """`Sessions` on a database; what the EHR told of the patient lies sealed."""

    database: Database
    sealer: Sealer

    async def open(self, session: Session) -> None:
        sealed = self.sealer.seal(json.dumps(asdict(session.patient)), _PATIENT, session.digest.hex())
        values = {
            "digest": session.digest,
            "launch_id": session.launch_id,
            "sealed_patient": sealed,
            "opened_at": session.opened_at,
            "seen_at": session.seen_at,
        }
        await self.database.write(Write(_OPEN, [values]))

    async def find(self, digest: bytes) -> Session | None:
        rows = await self.database.find(_SESSION, digest)
        if not rows:
            return None
        row = rows[0]
        patient = PatientShown(**json.loads(self.sealer.open(row.sealed_patient, _PATIENT, digest.hex())))
        return Session(digest, LaunchId(row.launch_id), patient, row.opened_at, row.seen_at)

    async def touch(self, session: Session) -> None:
        await self.database.write(Write(_TOUCH, {"this": session.digest, "now": session.seen_at}))

    async def close(self, digest: bytes) -> None:
        await self.database.write(Write(_CLOSE, {"this": digest}))


async def purge(database: Database, now: datetime) -> None:
    """Remove the spends that no clock could accept any more, the sessions that are over, and what was told in vain."""
    over = or_(sessions.c.opened_at <= now - LIMITS.total, sessions.c.seen_at <= now - LIMITS.idle)
    async with database.transaction() as connection:
        await connection.execute(delete(spends).where(spends.c.spent_at <= now - SPENDS_KEPT))
        await connection.execute(delete(sessions).where(over))
        in_vain = (launches.c.sealed_told.is_not(None), launches.c.launched_at <= now - VALID)
        await connection.execute(update(launches).where(*in_vain).values(sealed_told=None))
