"""Launches, spends and sessions in the database: the second line against replay, and what a session leaves behind."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from sqlalchemy import select

from common.errors import NotAuthenticated, TokenReplayed
from common.sessions import new_token, token_digest
from common.sql import Database
from identity.professionals.accounts import Professionals
from identity.professionals.store_sql import SqlAccounts, SqlLinks
from identity.relationships.service import Relationships
from identity.relationships.store_sql import SqlAdministration, SqlRelationships
from keys.sealing import KEY_BYTES, Sealer
from schemas.claims import ProfInfo
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from sso.launch.checks import Spend
from sso.launch.flow import Launch
from sso.launch.registration import VALID
from sso.launch.session import LIMITS, PatientShown, Session
from sso.launch.store_sql import SPENDS_KEPT, SqlLaunches, SqlSessions, purge, sessions
from sso.launch.store_sql import launches as launch_rows
from tests.support.databases import kept_company
from tests.support.memory import REGISTERED as NOW
from tests.support.races import at_once

SECOND = timedelta(seconds=1)
SEALER = Sealer(bytes(KEY_BYTES))


def digest_of(jti: str) -> bytes:
    return sha256(jti.encode()).digest()


async def spends(store: SqlLaunches, company_id: CompanyId, jti: str) -> bool:
    try:
        await store.spend(company_id, digest_of(jti), LaunchId(uuid4()), NOW)
    except TokenReplayed:
        return False
    return True


async def kept_launch(database: Database) -> Launch:
    company, launch_id = await kept_company(database), LaunchId(uuid4())
    treated = await Relationships(SqlRelationships(database)).join(company, "1532", Pseudoniem(uuid4()), None, NOW)
    assert treated is not None
    launch = Launch(
        launch_id, company, None, "u1", "registration_required", treated.pseudoniem, "1532", NOW,
        relationship_id=treated.relationship_id,
    )  # fmt: skip
    await SqlLaunches(database, SEALER).add(launch)
    return launch


@pytest.fixture
def store(database: Database) -> SqlSessions:
    return SqlSessions(database, SEALER)


def session_of(launch: Launch) -> Session:
    return Session(token_digest(new_token()), launch.launch_id, PatientShown("Jan", "Jansen", None), NOW, NOW)


async def test_a_jti_is_spent_once_per_company(database: Database) -> None:
    store, one, other = SqlLaunches(database, SEALER), await kept_company(database), await kept_company(database)
    answers = [await spends(store, *spent) for spent in ((one, "x"), (one, "x"), (other, "x"), (one, "X"), (one, "x"))]
    assert answers == [True, False, True, True, False]


async def test_of_fifty_spends_at_once_one_wins(database: Database) -> None:
    store, company = SqlLaunches(database, SEALER), await kept_company(database)
    assert sum(await at_once(50, lambda _: spends(store, company, "x"))) == 1


async def test_a_spend_knows_its_launch(database: Database) -> None:
    store, company, launch_id = SqlLaunches(database, SEALER), await kept_company(database), LaunchId(uuid4())
    await store.spend(company, digest_of("x"), launch_id, NOW)
    assert await store.spend_of(company, digest_of("x")) == Spend(launch_id)
    assert await store.spend_of(company, digest_of("y")) is None
    assert await store.spend_of(await kept_company(database), digest_of("x")) is None


async def test_a_token_is_revoked_once_and_then_spent_on_nothing(database: Database) -> None:
    store, company = SqlLaunches(database, SEALER), await kept_company(database)
    assert [await store.revoke(company, digest_of("x"), NOW) for _ in range(2)] == [True, False]
    assert await store.spend_of(company, digest_of("x")) == Spend(None)
    assert not await spends(store, company, "x")


async def test_a_spent_token_keeps_its_launch_when_it_is_revoked(database: Database) -> None:
    store, company, launch_id = SqlLaunches(database, SEALER), await kept_company(database), LaunchId(uuid4())
    await store.spend(company, digest_of("x"), launch_id, NOW)
    later = NOW + SPENDS_KEPT
    assert not await store.revoke(company, digest_of("x"), later)
    await purge(database, later)
    assert await store.spend_of(company, digest_of("x")) == Spend(launch_id)


async def test_a_spend_whose_launch_fails_is_no_spend_and_leaves_no_launch(database: Database) -> None:
    store, company = SqlLaunches(database, SEALER), await kept_company(database)
    launch = replace(await kept_launch(database), launch_id=LaunchId(uuid4()))

    async def fail_at_the_end() -> None:
        async with database.transaction():
            await store.spend(company, digest_of("x"), launch.launch_id, NOW)
            await store.add(launch)
            raise LookupError

    with pytest.raises(LookupError):
        await fail_at_the_end()
    assert await store.find(launch.launch_id) is None
    assert await spends(store, company, "x")


async def test_a_launch_is_found_as_it_was_kept(database: Database) -> None:
    launch = await kept_launch(database)
    bare = replace(
        launch, launch_id=LaunchId(uuid4()), pseudoniem=None, treatment_relationship_id=None, relationship_id=None
    )
    store = SqlLaunches(database, SEALER)
    await store.add(bare)
    assert [await store.find(kept.launch_id) for kept in (launch, bare)] == [launch, bare]
    assert await store.find(LaunchId(uuid4())) is None


async def goes_on(database: Database, launch: Launch) -> bool:
    """Return what is said of a launch to those who look at it, and to those who have its access token."""
    store = SqlLaunches(database, SEALER)
    found = await store.find(launch.launch_id)
    assert found is not None
    try:
        assert await store.patient_of(launch.launch_id) == launch.pseudoniem
    except NotAuthenticated:
        assert found.ended
        return False
    assert not found.ended
    return True


async def test_a_launch_ends_with_its_relationship_and_not_with_one_of_the_same_name(database: Database) -> None:
    launch, other = await kept_launch(database), await kept_launch(database)
    assert await goes_on(database, launch)
    await SqlAdministration(database).end(launch.company_id, "1532")
    assert not await goes_on(database, launch)
    assert await goes_on(database, other)
    anew = await Relationships(SqlRelationships(database)).join(launch.company_id, "1532", launch.pseudoniem, None, NOW)
    assert anew is not None
    assert not await goes_on(database, launch)


async def test_a_launch_ends_with_the_link_to_its_account(database: Database) -> None:
    launch, professionals = await kept_launch(database), Professionals(SqlAccounts(database, SEALER))
    said = ProfInfo(firstname="John", lastname="de Vries", email="john@praktijk.nl")
    launches = []
    for sub in ("u1", "u2"):
        admission = await professionals.admit(launch.company_id, sub, said, NOW)
        launches.append(
            replace(launch, launch_id=LaunchId(uuid4()), sub=sub, account_id=admission.account_id, status="linked")
        )
        await SqlLaunches(database, SEALER).add(launches[-1])
    assert launches[0].account_id == launches[1].account_id
    await SqlLinks(database).refuse(launch.company_id, "u1", NOW)
    assert [await goes_on(database, one) for one in launches] == [False, True]
    await professionals.admit(launch.company_id, "u1", said, NOW)
    assert not await goes_on(database, launches[0])


async def test_of_a_launch_that_never_was_no_token_is_good(database: Database) -> None:
    with pytest.raises(NotAuthenticated):
        await SqlLaunches(database, SEALER).patient_of(LaunchId(uuid4()))


async def test_a_session_is_found_as_it_was_kept_seen_and_closed(store: SqlSessions) -> None:
    session = session_of(await kept_launch(store.database))
    await store.open(session)
    assert await store.find(session.digest) == session
    seen = session.seen(NOW + SECOND)
    await store.touch(seen)
    assert await store.find(session.digest) == seen
    await store.close(session.digest)
    await store.close(session.digest)
    assert await store.find(session.digest) is None


async def test_the_patients_names_lie_sealed_and_go_with_the_session(store: SqlSessions) -> None:
    session = session_of(await kept_launch(store.database))
    await store.open(session)
    query = select(sessions.c.sealed_patient).where(sessions.c.digest == session.digest)
    async with store.database.read() as connection:
        sealed = await connection.scalar(query)
    assert sealed
    assert b"Jansen" not in sealed
    await store.close(session.digest)
    async with store.database.read() as connection:
        assert await connection.scalar(query) is None


async def test_what_is_over_is_purged_to_the_second_and_nothing_else(empty_database: Database) -> None:
    launch, launches = await kept_launch(empty_database), SqlLaunches(empty_database, SEALER)
    store = SqlSessions(empty_database, SEALER)
    idle, busy = session_of(launch), session_of(launch)
    await store.open(idle)
    await store.open(replace(busy, seen_at=NOW + LIMITS.total))
    assert await spends(launches, launch.company_id, "x")

    left = []
    for now in (LIMITS.idle - SECOND, LIMITS.idle, LIMITS.total - SECOND, LIMITS.total):
        await purge(empty_database, NOW + now)
        left.append((await store.find(idle.digest) is not None, await store.find(busy.digest) is not None))
    assert left == [(True, True), (False, True), (False, True), (False, False)]

    await purge(empty_database, NOW + SPENDS_KEPT - SECOND)
    assert not await spends(launches, launch.company_id, "x")
    await purge(empty_database, NOW + SPENDS_KEPT)
    assert await spends(launches, launch.company_id, "x")
    assert await launches.find(launch.launch_id) == launch


async def test_what_was_told_of_a_professional_lies_sealed_and_is_forgotten(empty_database: Database) -> None:
    store, known = SqlLaunches(empty_database, SEALER), await kept_launch(empty_database)
    told = replace(known, launch_id=LaunchId(uuid4()), told=ProfInfo(firstname="Johanna", agb="01234567"))
    registered = replace(told, launch_id=LaunchId(uuid4()))
    for launch in (told, registered):
        await store.add(launch)
    assert await store.find(told.launch_id) == told
    sealed_told = select(launch_rows.c.sealed_told).where(launch_rows.c.sealed_told.is_not(None))
    async with empty_database.read() as connection:
        kept = (await connection.scalars(sealed_told)).all()
    assert len(kept) == 2
    assert not any(b"Johanna" in sealed for sealed in kept)

    await store.registered(replace(registered, status="created", told=None))
    await purge(empty_database, NOW + VALID - SECOND)
    assert await store.find(registered.launch_id) == replace(registered, status="created", told=None)
    assert await store.find(told.launch_id) == told
    await purge(empty_database, NOW + VALID)
    assert await store.find(told.launch_id) == replace(told, told=None)
