"""Sealing everything anew with another key, in batches, beside the service that goes on working (ADR 0021).

A row that the service is changing at that moment is passed over and left to the next run: waiting for it could end in a
deadlock with a purge. Stopped and started again, it goes on where it was: what is sealed tells with which key.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from sqlalchemy import ColumnElement, MetaData, Row, Table, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.sql import Database
from dossier.groups.records.store_sql import SqlGroupDossiers, group_dossiers
from dossier.groups.store_sql import dossier_groups
from identity.patients.store_sql import patient_sessions, patients
from identity.professionals.matching import compared
from identity.professionals.store_sql import NAMES, accounts
from keys.sealing import CannotOpen, Sealer
from keys.store_sql import signing_keys
from schemas.claims import ProfInfo
from sso.launch.store_sql import launches, sessions

BATCH: Final = 200
"""Rows in one transaction."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A table with sealed columns, and the column that names a row."""

    table: Table
    row: str
    columns: Sequence[str]


SEALED: Final = (
    Sealed(signing_keys, "kid", ["sealed"]),
    Sealed(accounts, "account_id", ["sealed_firstname", "sealed_lastname", "sealed_email"]),
    Sealed(launches, "launch_id", ["sealed_told"]),
    Sealed(sessions, "digest", ["sealed_patient"]),
    Sealed(patients, "pseudoniem", ["sealed_first_name", "sealed_last_name"]),
    Sealed(patient_sessions, "digest", ["sealed_name"]),
    Sealed(group_dossiers, "dossier_id", ["sealed_record"]),
    Sealed(dossier_groups, "group_id", ["sealed_name"]),  # last: a start looks at these
)
"""Every place where something lies sealed; a test holds it against the tables."""


def places_of(tables: MetaData) -> Sequence[Sealed]:
    """Return the places of one owner of tables, which can have a database of its own."""
    return [place for place in SEALED if place.table.metadata is tables]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one table: how many were sealed anew, and the names ("table row") of two kinds.

    `damaged`: neither key opens it. `clashing`: sealed anew, but another dossier of its group has its external
    identifier, so it is no longer found by that.
    """

    table: str
    done: int
    damaged: Sequence[str] = ()
    clashing: Sequence[str] = ()


class _Outcome(Enum):
    """What became of a row."""

    DONE = auto()
    DAMAGED = auto()
    CLASHING = auto()


async def reseal(
    database: Database, sealer: Sealer, *, batch: int = BATCH, places: Sequence[Sealed] = SEALED
) -> AsyncIterator[Batch]:
    """Seal with the sealer's first key what the other sealed in these places; yield what became of each `batch`.

    What is sealed with another key behind its back, or is being changed, `left` counts. Raises Unavailable.
    """
    for place in places:
        async for one in _batches(database, sealer, place, batch):
            yield one


async def left(database: Database, sealer: Sealer, places: Sequence[Sealed] = SEALED) -> int:
    """Return how many rows of these places are not sealed with the first key."""
    async with database.read() as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(place.table).where(_foreign(place, sealer)))
            for place in places
        ]
    return sum(count or 0 for count in counts)


async def _batches(database: Database, sealer: Sealer, place: Sealed, size: int) -> AsyncIterator[Batch]:
    key = place.table.c[place.row]
    query = select(place.table).where(_foreign(place, sealer)).order_by(key).limit(size)
    query = page = query.with_for_update(key_share=True, skip_locked=True)
    while True:
        async with database.transaction() as connection:
            rows = (await connection.execute(page)).all()
            outcomes = [await _resealed(database, connection, sealer, place, row) for row in rows]
        if not rows:
            return
        named = [
            (f"{place.table.name} {_name(place, row)}", became) for row, became in zip(rows, outcomes, strict=True)
        ]
        damaged = [name for name, became in named if became is _Outcome.DAMAGED]
        clashing = [name for name, became in named if became is _Outcome.CLASHING]
        yield Batch(place.table.name, len(rows) - len(damaged), damaged, clashing)
        page = query.where(key > getattr(rows[-1], place.row))


async def _resealed(
    database: Database, connection: AsyncConnection, sealer: Sealer, place: Sealed, row: Row[Any]
) -> _Outcome:
    """Seal a locked row anew, and digest anew by what it is found; return what became of it."""
    try:
        values = _anew(sealer, place, row)
    except CannotOpen:
        return _Outcome.DAMAGED
    this = place.table.c[place.row] == getattr(row, place.row)
    await connection.execute(update(place.table).where(this).values(values))
    if place.table is group_dossiers and not await SqlGroupDossiers(database, sealer).digest_anew(row):
        return _Outcome.CLASHING
    return _Outcome.DONE


def _foreign(place: Sealed, sealer: Sealer) -> ColumnElement[bool]:
    columns = [place.table.c[name] for name in place.columns]
    return or_(*(and_(column.is_not(None), func.substr(column, 1, 4) != sealer.key_id) for column in columns))


def _anew(sealer: Sealer, place: Sealed, row: Row[Any]) -> Mapping[str, bytes]:
    name = _name(place, row)
    where = {column: f"{place.table.name}.{column}" for column in place.columns if getattr(row, column) is not None}
    plain = {column: sealer.open(bytes(getattr(row, column)), at, name) for column, at in where.items()}
    values = {column: sealer.seal(plain[column], at, name) for column, at in where.items()}
    if place.table is accounts:
        told: dict[str, Any] = {column.removeprefix("sealed_"): text for column, text in plain.items()}
        values["name_digest"] = sealer.digest(NAMES, *compared(ProfInfo.model_construct(**told)))
    return values


def _name(place: Sealed, row: Row[Any]) -> str:
    name = getattr(row, place.row)
    return name.hex() if isinstance(name, bytes) else str(name)
