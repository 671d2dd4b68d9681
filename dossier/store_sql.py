"""Dossiers and consents in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    delete,
    func,
    literal,
    select,
    tuple_,
)

from common.sql import DOSSIER, Database, UtcDateTime
from common.store.statements import Keyed, Row
from dossier.access import Reach
from dossier.cursor import Cursor
from dossier.model import Choice, ChoiceOutcome, Chosen, Consent, Dossier, Seen, Shown
from dossier.permissions import outcome_of
from schemas.identifiers import CompanyId, DossierId, Pseudoniem

dossiers = Table(
    "dossiers",
    DOSSIER,
    Column("dossier_id", Uuid, primary_key=True),
    Column("company_id", Uuid, nullable=False),
    Column("pseudoniem", Uuid, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("company_id", "pseudoniem"),
    Index(None, "company_id", "created_at", "dossier_id"),
)

consents = Table(
    "consents",
    DOSSIER,
    Column("dossier_id", Uuid, ForeignKey("dossiers.dossier_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # counts from 1 for each dossier
    Column("choice", String(8), nullable=False),
    Column("chosen_at", UtcDateTime, nullable=False),
    Column("chosen_by", Uuid, nullable=False),
    Column("language", String(35), nullable=True),  # BCP 47; of `shown`, what the patient had read
    Column("shown", Text, nullable=True),
)

_HISTORY: Final = 20
"""Choices of a dossier that its patient sees at once."""

_latest = select(func.max(consents.c.number)).where(consents.c.dossier_id == dossiers.c.dossier_id).correlate(dossiers)


def _with_consent() -> Select[Any]:
    latest = and_(consents.c.dossier_id == dossiers.c.dossier_id, consents.c.number == _latest.scalar_subquery())
    columns = (dossiers, consents.c.choice, consents.c.chosen_at, consents.c.chosen_by, consents.c.number)
    return select(*columns).outerjoin(consents, latest).order_by(dossiers.c.created_at, dossiers.c.dossier_id)


OF_COMPANY = Keyed(_with_consent(), dossiers.c.company_id, dossiers.c.pseudoniem)


@dataclass(frozen=True, slots=True)
class SqlDossiers:
    """`DossierStore` on a database."""

    database: Database

    async def add(self, dossier: Dossier) -> bool:
        values = {
            "dossier_id": dossier.dossier_id,
            "company_id": dossier.company_id,
            "pseudoniem": dossier.pseudoniem,
            "created_at": dossier.created_at,
        }
        async with self.database.transaction() as connection:
            added = await connection.execute(self.database.insert(dossiers).values(values).on_conflict_do_nothing())
        return bool(added.rowcount)

    async def find(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> Dossier | None:
        rows = await self.database.find(OF_COMPANY, company_id, pseudoniem)
        return _dossier(rows[0]) if rows else None

    async def find_many(
        self, company_id: CompanyId, pseudoniemen: Collection[Pseudoniem]
    ) -> Mapping[Pseudoniem, Dossier]:
        keys = [(company_id, pseudoniem) for pseudoniem in pseudoniemen]
        found = [_dossier(rows[0]) for rows in (await self.database.find_all(OF_COMPANY, keys)).values()]
        return {dossier.pseudoniem: dossier for dossier in found}

    async def page(self, within: Reach, after: Cursor | None, limit: int) -> Sequence[Dossier]:
        query = _with_consent().where(dossiers.c.company_id == within.company_id).limit(limit)
        if within.patients is not None:
            query = query.where(dossiers.c.pseudoniem.in_(within.patients))
        if after is not None:
            place = tuple_(dossiers.c.created_at, dossiers.c.dossier_id)
            behind = tuple_(literal(after.created_at, UtcDateTime), literal(after.dossier_id, Uuid))
            query = query.where(place > behind)
        async with self.database.read() as connection:
            return [_dossier(row) for row in await connection.execute(query)]

    async def by_id(self, dossier_id: DossierId) -> Dossier | None:
        found = await self._where(dossiers.c.dossier_id == dossier_id)
        return found[0] if found else None

    async def of_patient(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        query = _with_choices().where(dossiers.c.pseudoniem == pseudoniem)
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [_with_history(list(of_one)) for _, of_one in groupby(rows, lambda row: row.dossier_id)]

    async def choose(self, dossier_id: DossierId, consent: Consent, seen: Seen | None = None) -> ChoiceOutcome | None:
        # The lock makes choices of one dossier follow each other; SQLite has one writer anyway.
        own = select(dossiers.c.dossier_id).where(
            dossiers.c.dossier_id == dossier_id, dossiers.c.pseudoniem == consent.chosen_by
        )
        async with self.database.transaction() as connection:
            if await connection.scalar(own.with_for_update(key_share=True)) is None:
                return None
            query = _with_consent().where(dossiers.c.dossier_id == dossier_id)
            latest = _dossier((await connection.execute(query)).one()).consent
            outcome = outcome_of(consent.choice, latest, seen)
            if outcome is ChoiceOutcome.KEPT:
                shown = seen.shown if seen else None
                values = {
                    "dossier_id": dossier_id,
                    "number": latest.number + 1 if latest else 1,
                    "choice": consent.choice.value,
                    "chosen_at": consent.chosen_at,
                    "chosen_by": consent.chosen_by,
                    "language": shown.language if shown else None,
                    "shown": shown.text if shown else None,
                }
                await connection.execute(consents.insert().values(values))
        return outcome

    async def delete(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> bool:
        this = (dossiers.c.company_id == company_id, dossiers.c.pseudoniem == pseudoniem)
        async with self.database.transaction() as connection:
            deleted = await connection.execute(delete(dossiers).where(*this))
        return bool(deleted.rowcount)

    async def _where(self, *conditions: ColumnElement[bool]) -> list[Dossier]:
        async with self.database.read() as connection:
            return [_dossier(row) for row in await connection.execute(_with_consent().where(*conditions))]


def _with_choices() -> Select[Any]:
    """Select dossiers, the oldest first, each with its latest choices, the newest first: a row for each of these."""
    # Numbers count on by one.
    recent = and_(
        consents.c.dossier_id == dossiers.c.dossier_id, consents.c.number > _latest.scalar_subquery() - _HISTORY
    )
    columns: list[Any] = [dossiers, *(column for column in consents.c if column is not consents.c.dossier_id)]
    order = (dossiers.c.created_at, dossiers.c.dossier_id, consents.c.number.desc())
    return select(*columns).outerjoin(consents, recent).order_by(*order)


def _dossier(row: Row) -> Dossier:
    return Dossier(
        DossierId(row.dossier_id), CompanyId(row.company_id), Pseudoniem(row.pseudoniem), row.created_at, _consent(row)
    )


def _with_history(rows: Sequence[Row]) -> Dossier:
    chosen = [(_consent(row), row) for row in rows]
    history = tuple(
        Chosen(consent, Shown(row.language, row.shown) if row.language and row.shown else None)
        for consent, row in chosen
        if consent is not None
    )
    return replace(_dossier(rows[0]), history=history)


def _consent(row: Row) -> Consent | None:
    return Consent(Choice(row.choice), row.chosen_at, Pseudoniem(row.chosen_by), row.number) if row.choice else None
