"""Patients and their sessions in the database: names sealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, LargeBinary, Table, Uuid, delete, or_, select, update

from common.sql import IDENTITY, Database, UtcDateTime
from identity.patients.registered import Patient
from identity.patients.sessions import LIMITS, PatientSession
from keys.sealing import Sealer
from schemas.identifiers import Pseudoniem

patients = Table(
    "patients",
    IDENTITY,
    Column("pseudoniem", Uuid, primary_key=True),
    Column("sealed_first_name", LargeBinary, nullable=False),
    Column("sealed_last_name", LargeBinary, nullable=False),
)

patient_sessions = Table(
    "patient_sessions",
    IDENTITY,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("pseudoniem", Uuid, nullable=False, index=True),
    Column("sealed_name", LargeBinary, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
)

_FIRST, _LAST, _NAME = "patients.sealed_first_name", "patients.sealed_last_name", "patient_sessions.sealed_name"


@dataclass(frozen=True, slots=True)
class SqlPatients:
    """`PatientStore` on a database."""

    database: Database
    sealer: Sealer

    async def add(self, patient: Patient) -> Patient:
        values = {
            "pseudoniem": patient.pseudoniem,
            "sealed_first_name": self.sealer.seal(patient.first_name, _FIRST, patient.pseudoniem),
            "sealed_last_name": self.sealer.seal(patient.last_name, _LAST, patient.pseudoniem),
        }
        async with self.database.transaction() as connection:
            await connection.execute(self.database.insert(patients).values(values).on_conflict_do_nothing())
            kept = await self.find(patient.pseudoniem)
        return kept or patient

    async def find(self, pseudoniem: Pseudoniem) -> Patient | None:
        async with self.database.read() as connection:
            row = (await connection.execute(select(patients).where(patients.c.pseudoniem == pseudoniem))).first()
        if row is None:
            return None
        first_name = self.sealer.open(row.sealed_first_name, _FIRST, pseudoniem)
        return Patient(pseudoniem, first_name, self.sealer.open(row.sealed_last_name, _LAST, pseudoniem))


@dataclass(frozen=True, slots=True)
class SqlPatientSessions:
    """`PatientSessionStore` on a database."""

    database: Database
    sealer: Sealer

    async def open(self, session: PatientSession) -> None:
        values = {
            "digest": session.digest,
            "pseudoniem": session.pseudoniem,
            "sealed_name": self.sealer.seal(session.name, _NAME, session.digest.hex()),
            "opened_at": session.opened_at,
            "seen_at": session.seen_at,
        }
        async with self.database.transaction() as connection:
            await connection.execute(patient_sessions.insert().values(values))

    async def find(self, digest: bytes) -> PatientSession | None:
        query = select(patient_sessions).where(patient_sessions.c.digest == digest)
        async with self.database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        name = self.sealer.open(row.sealed_name, _NAME, digest.hex())
        return PatientSession(digest, Pseudoniem(row.pseudoniem), name, row.opened_at, row.seen_at)

    async def touch(self, session: PatientSession) -> None:
        this = patient_sessions.c.digest == session.digest
        async with self.database.transaction() as connection:
            await connection.execute(update(patient_sessions).where(this).values(seen_at=session.seen_at))

    async def close(self, digest: bytes) -> None:
        async with self.database.transaction() as connection:
            await connection.execute(delete(patient_sessions).where(patient_sessions.c.digest == digest))


async def purge(database: Database, now: datetime) -> None:
    """Remove the sessions that are over."""
    c = patient_sessions.c
    async with database.transaction() as connection:
        over = or_(c.opened_at <= now - LIMITS.total, c.seen_at <= now - LIMITS.idle)
        await connection.execute(delete(patient_sessions).where(over))
