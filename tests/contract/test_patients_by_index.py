"""What is kept on a patient is found by an index, in tables that grow with every launch."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Select, Table, literal, select, text

from common.sql import Database
from common.store.statements import Keyed
from dossier.store_sql import OF_COMPANY
from identity.patients.store_sql import patient_sessions
from identity.professionals.store_sql import SqlAccounts
from identity.pseudoniem.store_sql import BY_DIGEST
from identity.relationships.store_sql import JOINED, JOINED_BY, JOINED_LAST, NAMED, members, relationships
from keys.sealing import KEY_BYTES, Sealer
from schemas.claims import ProfInfo
from schemas.identifiers import AccountId, CompanyId, Pseudoniem
from sso.launch.store_sql import SPENT, launches, sessions
from tests.support.databases import kept_company, open_migrated
from tests.support.memory import REGISTERED as NOW
from tests.support.plans import indexes, scanned

MANY = 1_000


@pytest.fixture(scope="module")
async def company(database: Database) -> CompanyId:
    """A company with so many patients, launches and sessions that the planner of PostgreSQL would not read them all."""
    company, account = await kept_company(database), AccountId(uuid4())
    await SqlAccounts(database, Sealer(bytes(KEY_BYTES))).add(account, ProfInfo(), NOW)
    kept: dict[Table, list[dict[str, Any]]] = {}
    for number in range(MANY):
        for table, row in _rows_of_patient(company, account, str(number)).items():
            kept.setdefault(table, []).append(row)
    async with database.transaction() as connection:
        for table, rows in kept.items():
            await connection.execute(table.insert(), rows)
            if not database.is_sqlite:
                await connection.execute(text(f"ANALYZE {table.name}"))
    return company


def _rows_of_patient(company: CompanyId, account: AccountId, name: str) -> dict[Table, dict[str, Any]]:
    relationship_id, launch_id, patient = uuid4(), uuid4(), uuid4()
    of = {"company_id": company, "pseudoniem": patient}
    seen = {"digest": launch_id.bytes * 2, "opened_at": NOW, "seen_at": NOW}
    return {
        relationships: {**of, "relationship_id": relationship_id, "external_id": name, "made_at": NOW},
        members: {"relationship_id": relationship_id, "account_id": account, "joined_at": NOW},
        launches: {**of, "launch_id": launch_id, "sub": "u1", "status": "linked", "launched_at": NOW},
        sessions: {**seen, "launch_id": launch_id, "sealed_patient": b""},
        patient_sessions: {**seen, "pseudoniem": patient, "sealed_name": b""},
    }


async def test_the_relationship_joined_last_is_looked_for_among_those_with_the_patient(
    database: Database, company: CompanyId
) -> None:
    query = JOINED.where(*(column == key for column, key in zip(JOINED_BY, (company, uuid4(), uuid4()), strict=True)))
    used = (await indexes(database, query)).values()
    assert await scanned(database, query) == []
    assert any("pseudoniem" in condition and "company_id" in condition for condition in used)
    assert any("relationship_id" in condition for condition in used)


PATIENT = Pseudoniem(uuid4())
OF_RELATIONSHIPS, OF_LAUNCHES = relationships.c.pseudoniem == PATIENT, launches.c.pseudoniem == PATIENT
ERASED = {
    "treatment relationships": select(relationships).where(OF_RELATIONSHIPS),
    "their members": select(members).where(
        members.c.relationship_id.in_(select(relationships.c.relationship_id).where(OF_RELATIONSHIPS))
    ),
    "launches": select(launches).where(OF_LAUNCHES),
    "their sessions": select(sessions).where(sessions.c.launch_id.in_(select(launches.c.launch_id).where(OF_LAUNCHES))),
    "sessions on the website": select(patient_sessions).where(patient_sessions.c.pseudoniem == PATIENT),
}


@pytest.mark.parametrize("query", ERASED.values(), ids=ERASED)
@pytest.mark.usefixtures("company")
async def test_what_is_erased_of_a_patient_is_found_without_reading_a_table_through(
    database: Database, query: Select[Any]
) -> None:
    assert await scanned(database, query) == []
    assert any("pseudoniem" in condition for condition in (await indexes(database, query)).values())


PAIRS: dict[str, tuple[Keyed, tuple[object, ...]]] = {
    "a digest of a version": (BY_DIGEST, (1, bytes(32))),
    "a jti of a company": (SPENT, (uuid4(), bytes(32))),
    "a relationship of a company": (NAMED, (uuid4(), "1532")),
    "the relationship joined last": (JOINED_LAST, (uuid4(), uuid4(), uuid4())),
    "a patient's dossier of a company": (OF_COMPANY, (uuid4(), uuid4())),
}


@pytest.mark.parametrize("look", PAIRS.values(), ids=PAIRS)
async def test_on_sqlite_a_look_by_several_values_reads_no_table_through(
    tmp_path: Path, look: tuple[Keyed, tuple[object, ...]]
) -> None:
    keyed, key = look
    async with open_migrated(f"sqlite:///{tmp_path / 'sso.db'}") as embedded:
        # More columns than a plan has: else its lines would be read as rows of the query.
        assert await scanned(embedded, keyed.on_sqlite([key]).add_columns(*(literal(n) for n in range(4)))) == []
