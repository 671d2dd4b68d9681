"""The audit in the database: for each owner of tables its events, and its counted refusals."""

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, Uuid

from common.audit.counter import Key
from common.audit.events import Event
from common.request_id import REQUEST_ID
from common.sql import DOSSIER, IDENTITY, PSEUDONIEM, Database, UtcDateTime
from common.store.statements import BulkInsert

_COLUMNS: Final = ("company_id", "pseudoniem")
"""The fields that are columns, to search by; all others are in `details`."""


def _events(owner: str, tables: MetaData) -> Table:
    return Table(
        f"{owner}_audit",
        tables,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("at", UtcDateTime, nullable=False),
        Column("event", String(40), nullable=False),
        Column("outcome", String(3), nullable=False),
        Column("request_id", Uuid),
        Column("company_id", Uuid),
        Column("pseudoniem", Uuid),
        Column("details", Text, nullable=False),  # the other fields, as a JSON object
        Index(None, "company_id", "at"),
        Index(None, "pseudoniem", "at"),
    )


def _refusals(owner: str, tables: MetaData) -> Table:
    return Table(
        f"{owner}_refusals",
        tables,
        Column("minute", UtcDateTime, primary_key=True),
        Column("address", String(45), primary_key=True),
        Column("cause", String(40), primary_key=True),
        Column("times", BigInteger, nullable=False),
    )


IDENTITY_EVENTS: Final = _events("identity", IDENTITY)
PSEUDONIEM_EVENTS: Final = _events("pseudoniem", PSEUDONIEM)
DOSSIER_EVENTS: Final = _events("dossier", DOSSIER)

IDENTITY_REFUSALS: Final = _refusals("identity", IDENTITY)
PSEUDONIEM_REFUSALS: Final = _refusals("pseudoniem", PSEUDONIEM)
DOSSIER_REFUSALS: Final = _refusals("dossier", DOSSIER)


_KEPT: Final = ("at", "event", "outcome", "request_id", "details", *_COLUMNS)
_INSERTS: Final = {
    table.name: BulkInsert(table.insert().inline(), _KEPT)
    for table in (IDENTITY_EVENTS, PSEUDONIEM_EVENTS, DOSSIER_EVENTS)
}

EVENTS: Final = {"identity": IDENTITY_EVENTS, "pseudoniem": PSEUDONIEM_EVENTS, "dossier": DOSSIER_EVENTS}
REFUSALS: Final = {"identity": IDENTITY_REFUSALS, "pseudoniem": PSEUDONIEM_REFUSALS, "dossier": DOSSIER_REFUSALS}
"""The tables by the name of their owner."""


def _text(value: object) -> str:
    if not isinstance(value, UUID):
        raise TypeError("an event has identifiers, figures, answers and words")
    return str(value)


_DETAILS: Final = json.JSONEncoder(sort_keys=True, default=_text)
_BY_CHANCE: Final = {4, 7}


@dataclass(frozen=True, slots=True)
class SqlAuditLog:
    """`AuditLog` on a database."""

    database: Database
    table: Table

    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        return self.database.unit_of_work()

    async def write(self, *events: Event) -> None:
        if events:
            await self.database.insert_rows(_INSERTS[self.table.name], [_row(event) for event in events])


@dataclass(frozen=True, slots=True)
class SqlRefusals:
    """`RefusalStore` on a database."""

    database: Database
    table: Table

    async def add(self, counted: Sequence[tuple[Key, int]]) -> None:
        table, insert = self.table, self.database.insert(self.table)
        adding = insert.on_conflict_do_update(
            index_elements=["minute", "address", "cause"], set_={"times": table.c.times + insert.excluded.times}
        )
        rows = [
            {"minute": key.minute, "address": key.address, "cause": key.cause, "times": count} for key, count in counted
        ]
        async with self.database.transaction() as connection:
            await connection.execute(adding, rows)


def _row(event: Event) -> dict[str, object]:
    details = {name: value for name, value in event.fields.items() if name not in _COLUMNS}
    return {
        "at": event.at,
        "event": event.type.name,
        "outcome": event.type.outcome.value,
        "request_id": _made_by_chance(REQUEST_ID.get()),
        "details": _DETAILS.encode(details) if details else "{}",
        **{name: event.fields.get(name) for name in _COLUMNS},
    }


def _made_by_chance(request_id: str | None) -> UUID | None:
    """Return a request's id if it is a random UUID (RFC 9562 5.4, 5.7); another one can be any number, a BSN say."""
    found = UUID(request_id) if request_id else None
    return found if found is not None and found.version in _BY_CHANCE else None
