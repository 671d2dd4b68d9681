"""All that is kept on one patient, over all owners: to be shown to them (GDPR article 15) and to be erased (17).

A test holds the places against the tables: none with a pseudoniem is left out.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, delete, func, select

from common.audit.catalogue import PATIENT_ERASED, PATIENT_EXPORTED
from common.audit.store_sql import EVENTS
from dossier.groups.records.store_sql import group_dossiers
from dossier.store_sql import consents, dossiers
from identity.companies.store_sql import companies
from identity.patients.store_sql import patient_sessions, patients
from identity.pseudoniem.store_sql import pseudoniemen
from identity.relationships.store_sql import members, relationships
from keys.sealing import Sealer
from schemas.identifiers import Pseudoniem
from services.databases import DOSSIER_OWNER, IDENTITY_OWNER, PSEUDONIEM_OWNER, Databases, Owner
from sso.launch.store_sql import launches, sessions

Rows = list[dict[str, Any]]

_OBJECTS: Final = {"sealed_patient", "sealed_record"}
"""The sealed columns that hold an object as JSON; what is in the others is a text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A table that says something of patients. `sealed` are the columns that tell it, by the column that names a row.

    What hangs on these rows by ON DELETE CASCADE goes with them.
    """

    owner: Owner
    table: Table
    of: Callable[[Pseudoniem], ColumnElement[bool]]
    row: str = ""
    sealed: Sequence[str] = ()
    left_out: Sequence[str] = ("digest",)


def _own(table: Table) -> Callable[[Pseudoniem], ColumnElement[bool]]:
    return lambda pseudoniem: table.c.pseudoniem == pseudoniem


def _part_of(table: Table, whole: Table, column: str) -> Callable[[Pseudoniem], ColumnElement[bool]]:
    return lambda one: table.c[column].in_(select(whole.c[column]).where(whole.c.pseudoniem == one))


PLACES: Final = (
    Place(PSEUDONIEM_OWNER, pseudoniemen, _own(pseudoniemen)),
    Place(DOSSIER_OWNER, consents, _part_of(consents, dossiers, "dossier_id")),
    Place(DOSSIER_OWNER, dossiers, _own(dossiers)),
    Place(DOSSIER_OWNER, group_dossiers, _own(group_dossiers), "dossier_id", ["sealed_record"], ["identifier_digest"]),
    Place(IDENTITY_OWNER, sessions, _part_of(sessions, launches, "launch_id"), "digest", ["sealed_patient"]),
    Place(IDENTITY_OWNER, launches, _own(launches), left_out=["sealed_told"]),  # what is told there is the professional
    Place(IDENTITY_OWNER, members, _part_of(members, relationships, "relationship_id")),
    Place(IDENTITY_OWNER, relationships, _own(relationships)),
    Place(IDENTITY_OWNER, patient_sessions, _own(patient_sessions), "digest", ["sealed_name"]),
    Place(IDENTITY_OWNER, patients, _own(patients), "pseudoniem", ["sealed_first_name", "sealed_last_name"]),
)
"""In the order in which they are emptied: who is looked for by their BSN meanwhile is somebody new."""

_TAKEN_FIRST: Final = (members, relationships, launches)
"""In the order in which launches take them: what refers to them is not written meanwhile, and nobody waits for ever."""


async def export(databases: Databases, sealer: Sealer, pseudoniem: Pseudoniem, now: datetime) -> dict[str, Any]:
    """Return all that is kept on a patient as JSON values, with what the audit says of them. Raises Unavailable.

    Raises CannotOpen if something was sealed with neither key of `sealer`.
    """
    kept = {place.table.name: await _rows(databases, place, sealer, pseudoniem) for place in PLACES}
    audit = {owner.name: await _audit(databases, owner, pseudoniem) for owner in databases.owners}
    ids = {row["company_id"] for rows in [*kept.values(), *audit.values()] for row in rows if row.get("company_id")}
    async with databases.identity.read() as connection:
        named = await connection.execute(
            select(companies.c.company_id, companies.c.name).where(companies.c.company_id.in_(map(UUID, ids)))
        )
        names = {str(row.company_id): row.name for row in named}
    await databases.audit(IDENTITY_OWNER).write(PATIENT_EXPORTED(now, pseudoniem=pseudoniem))
    return {"pseudoniem": str(pseudoniem), "exported_at": now.isoformat(), "companies": names, **kept, "audit": audit}


async def erase(databases: Databases, pseudoniem: Pseudoniem, now: datetime) -> Mapping[str, int]:
    """Remove all that is kept on a patient but the audit; return how many rows of which table. Raises Unavailable.

    One transaction per owner, each with its event. To be called again until nothing is left: a request that was under
    way may have written once more.
    """
    erased: dict[str, int] = {}
    for owner in dict.fromkeys(place.owner for place in PLACES):
        places = [place for place in PLACES if place.owner is owner]
        log = databases.audit(owner)
        async with databases.by_owner[owner.name].transaction() as connection:
            for place in (place for table in _TAKEN_FIRST for place in places if place.table is table):
                held = select(place.table).where(place.of(pseudoniem)).order_by(*place.table.primary_key)
                await connection.execute(held.with_for_update(of=place.table))
            counts = {
                place.table.name: (await connection.execute(delete(place.table).where(place.of(pseudoniem)))).rowcount
                for place in places
            }
            if any(counts.values()):
                await log.write(PATIENT_ERASED(now, pseudoniem=pseudoniem, count=sum(counts.values())))
        erased |= counts
    return erased


async def is_known(databases: Databases, pseudoniem: Pseudoniem) -> bool:
    """Return whether anything is kept on a patient but the audit."""
    for place in PLACES:
        query = select(func.count()).select_from(place.table).where(place.of(pseudoniem))
        async with databases.by_owner[place.owner.name].read() as connection:
            if await connection.scalar(query):
                return True
    return False


async def _rows(databases: Databases, place: Place, sealer: Sealer, pseudoniem: Pseudoniem) -> Rows:
    async with databases.by_owner[place.owner.name].read() as connection:
        found = (await connection.execute(select(place.table).where(place.of(pseudoniem)))).all()
    return [_shown(place, sealer, row) for row in found]


def _shown(place: Place, sealer: Sealer, row: Row[Any]) -> dict[str, Any]:
    plain = {
        name: _value(value)
        for name, value in row._mapping.items()
        if name not in place.sealed and name not in place.left_out
    }
    for column in place.sealed:
        name = getattr(row, place.row)
        at = name.hex() if isinstance(name, bytes) else str(name)
        text = sealer.open(bytes(getattr(row, column)), f"{place.table.name}.{column}", at)
        plain[column.removeprefix("sealed_")] = json.loads(text) if column in _OBJECTS else text
    return plain


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


async def _audit(databases: Databases, owner: Owner, pseudoniem: Pseudoniem) -> Rows:
    table = EVENTS[owner.name]
    query = select(table).where(table.c.pseudoniem == pseudoniem).order_by(table.c.at, table.c.id)
    async with databases.by_owner[owner.name].read() as connection:
        rows = (await connection.execute(query)).all()
    shown = [{name: _value(value) for name, value in row._mapping.items()} for row in rows]
    return [event | {"details": json.loads(str(event["details"]))} for event in shown]
