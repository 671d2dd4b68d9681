"""Sealing everything anew with another key, in batches, beside the service that goes on working (ADR 0021).

A row that the service changes meanwhile is left to the next batch. Stopped and started again, it goes on where it was:
what is sealed tells with which key.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, and_, func, or_, select, update

from common.sql import Database
from identity.patients.store_sql import patient_sessions, patients
from identity.professionals.matching import compared
from identity.professionals.store_sql import NAMES, accounts
from keys.sealing import Sealer
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
)
"""Every place where something lies sealed; a test holds it against the tables."""


async def reseal(database: Database, sealer: Sealer, *, batch: int = BATCH) -> AsyncIterator[tuple[str, int]]:
    """Seal with the sealer's first key what the other sealed; yield table and rows after each `batch` of rows.

    Raises CannotOpen for a value that neither key opens, Unavailable.
    """
    for place in SEALED:
        while done := await _batch(database, sealer, place, batch):
            yield place.table.name, done


async def left(database: Database, sealer: Sealer) -> int:
    """Return how many rows are not sealed with the first key."""
    async with database.read() as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(place.table).where(_foreign(place, sealer)))
            for place in SEALED
        ]
    return sum(count or 0 for count in counts)


async def _batch(database: Database, sealer: Sealer, place: Sealed, size: int) -> int:
    table, key = place.table, place.table.c[place.row]
    async with database.transaction() as connection:
        query = select(table).where(_foreign(place, sealer)).order_by(key).limit(size).with_for_update(key_share=True)
        rows = (await connection.execute(query)).all()
        for row in rows:
            values = _anew(sealer, place, row)
            await connection.execute(update(table).where(key == getattr(row, place.row)).values(values))
    return len(rows)


def _foreign(place: Sealed, sealer: Sealer) -> ColumnElement[bool]:
    columns = [place.table.c[name] for name in place.columns]
    return or_(*(and_(column.is_not(None), func.substr(column, 1, 4) != sealer.key_id) for column in columns))


def _anew(sealer: Sealer, place: Sealed, row: Row[Any]) -> Mapping[str, bytes]:
    name = getattr(row, place.row)
    name = name.hex() if isinstance(name, bytes) else name
    where = {column: f"{place.table.name}.{column}" for column in place.columns if getattr(row, column) is not None}
    plain = {column: sealer.open(bytes(getattr(row, column)), at, name) for column, at in where.items()}
    values = {column: sealer.seal(plain[column], at, name) for column, at in where.items()}
    if place.table is accounts:
        told: dict[str, Any] = {column.removeprefix("sealed_"): text for column, text in plain.items()}
        values["name_digest"] = sealer.digest(NAMES, *compared(ProfInfo.model_construct(**told)))
    return values
