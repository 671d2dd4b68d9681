"""Companies, patients and their sessions in the database: names of patients sealed, secrets as digests."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from common.errors import NotAuthenticated
from common.sessions import new_token, token_digest
from common.sql import Database
from identity.companies.model import Status
from identity.companies.service import Companies
from identity.companies.store_sql import SqlCompanies
from identity.patients.registered import Patient, RegisteredPatients
from identity.patients.sessions import LIMITS, PatientSession, PatientSessions
from identity.patients.store_sql import SqlPatients, SqlPatientSessions, patients, purge
from identity.pseudoniem.digest import DigestKey
from keys.sealing import KEY_BYTES, Sealer
from schemas.identifiers import Bsn, CompanyId, Pseudoniem
from sso.issuer.clients import secret_digest
from tests.support.bsns import fresh_bsn
from tests.support.clock import SetClock
from tests.support.databases import pseudoniemen_of
from tests.support.memory import REGISTERED as NOW
from tests.support.memory import MemoryAudit
from tests.support.races import at_once

SEALER = Sealer(bytes(KEY_BYTES))
SECOND = timedelta(seconds=1)


async def test_the_same_name_twice_makes_two_companies_with_a_secret_each(database: Database) -> None:
    companies = Companies(SqlCompanies(database), MemoryAudit(), SetClock(), Status.ACTIVE)
    (one, secret), (other, other_secret) = [await companies.register("De Linde") for _ in range(2)]
    assert one.company_id != other.company_id
    assert secret != other_secret
    client = await companies.client(one.company_id)
    assert client is not None
    assert [live.digest for live in client.secrets] == [secret_digest(secret)]
    assert await companies.store.find(one.company_id) == one
    assert await companies.names([one.company_id, CompanyId(uuid4())]) == {one.company_id: "De Linde"}


async def test_a_company_that_does_not_exist_is_nobody(database: Database) -> None:
    companies, nobody = Companies(SqlCompanies(database), MemoryAudit(), SetClock(), Status.ACTIVE), CompanyId(uuid4())
    assert await companies.signer(nobody) is None
    assert await companies.client(nobody) is None
    assert await companies.names([nobody]) == {}
    assert await companies.names([]) == {}


async def test_of_many_registrations_of_one_patient_at_once_the_first_counts(database: Database) -> None:
    store, pseudoniem = SqlPatients(database, SEALER), Pseudoniem(uuid4())
    kept = await at_once(20, lambda n: store.add(Patient(pseudoniem, "Jan", f"Jansen {n}")))
    assert len(set(kept)) == 1
    assert await store.find(pseudoniem) == kept[0]


async def test_a_patients_names_lie_sealed(database: Database) -> None:
    store, pseudoniem = SqlPatients(database, SEALER), Pseudoniem(uuid4())
    await store.add(Patient(pseudoniem, "Grietje", "Grootveld"))
    async with database.read() as connection:
        row = (await connection.execute(select(patients).where(patients.c.pseudoniem == pseudoniem))).one()
    sealed = row.sealed_first_name + row.sealed_last_name
    assert b"Grietje" not in sealed
    assert b"Grootveld" not in sealed


async def test_a_patient_is_recognised_by_bsn_and_last_name_and_every_other_pair_has_one_answer(
    database: Database,
) -> None:
    pseudoniemen = await pseudoniemen_of(database, DigestKey(bytes(KEY_BYTES)))
    service = RegisteredPatients(SqlPatients(database, SEALER), pseudoniemen, MemoryAudit(), SetClock())
    bsn, launched, nobody = (Bsn(fresh_bsn()) for _ in range(3))
    patient = await service.register(bsn, "Zoë", "de Vries")
    await pseudoniemen.make(launched)
    assert await service.recognise(bsn, " DE VRIES ") == patient
    assert await service.register(bsn, "Zoe", "De Vries") == patient
    answers = set()
    for who, name in ((bsn, "Jansen"), (bsn, ""), (launched, "de Vries"), (nobody, "de Vries")):
        with pytest.raises(NotAuthenticated) as caught:
            await service.recognise(who, name)
        answers.add((caught.value.detail, caught.value.error, caught.value.private))
    assert len(answers) == 1
    assert await pseudoniemen.find(nobody) is None


async def test_a_patients_session_lasts_while_it_is_used_and_not_longer(database: Database) -> None:
    clock = SetClock(NOW)
    service = PatientSessions(SqlPatientSessions(database, SEALER), MemoryAudit(), clock)
    pseudoniem = Pseudoniem(uuid4())
    token = await service.open(pseudoniem, "Zoë", None)
    clock.now += LIMITS.idle - SECOND
    session = await service.find(token)
    assert session is not None
    assert (session.pseudoniem, session.name) == (pseudoniem, "Zoë")
    clock.now += LIMITS.idle - SECOND
    assert await service.find(token)
    clock.now += LIMITS.idle
    assert await service.find(token) is None


async def test_a_new_session_ends_the_one_before_and_closing_ends_it(database: Database) -> None:
    service = PatientSessions(SqlPatientSessions(database, SEALER), MemoryAudit(), SetClock())
    first = await service.open(Pseudoniem(uuid4()), "Zoë", None)
    second = await service.open(Pseudoniem(uuid4()), "Jan", first)
    assert await service.find(first) is None
    assert await service.find(second)
    await service.close(second)
    for token in (None, "", "x", first, second):
        assert await service.find(token) is None


async def test_sessions_that_are_over_are_purged_to_the_second(empty_database: Database) -> None:
    store = SqlPatientSessions(empty_database, SEALER)
    idle = PatientSession(token_digest(new_token()), Pseudoniem(uuid4()), "Zoë", NOW, NOW)
    busy = replace(idle, digest=token_digest(new_token()), seen_at=NOW + LIMITS.total)
    for session in (idle, busy):
        await store.open(session)
    left = []
    for now in (LIMITS.idle - SECOND, LIMITS.idle, LIMITS.total - SECOND, LIMITS.total):
        await purge(empty_database, NOW + now)
        left.append((await store.find(idle.digest) is not None, await store.find(busy.digest) is not None))
    assert left == [(True, True), (False, True), (False, True), (False, False)]
