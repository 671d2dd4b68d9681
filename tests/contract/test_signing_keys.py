"""Our signing keys at rest: however many processes begin, rotate or revoke at once, they end with one set of keys."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from common.audit.store_sql import IDENTITY_EVENTS, SqlAuditLog
from common.errors import SettingsError, Unavailable
from common.sql import Database
from keys.ring import Purpose, SigningKeyStore
from keys.schedule import Planned
from keys.store_sql import SqlSigningKeys
from tests.support.clock import SetClock
from tests.support.databases import emptied_postgresql, open_migrated
from tests.support.memory import REGISTERED as T
from tests.support.memory import MemorySigningKeys
from tests.support.own_keys import ANOTHER_SEALER, ROTATION, keeper_of, kids, sealed_key, signing_kid
from tests.support.races import at_once
from tests.support.servers.postgres_server import PostgresServer

ACCESS = Purpose.ACCESS
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[SigningKeyStore]:
    """A store with nothing in it."""
    if request.param == "memory":
        yield MemorySigningKeys()
        return
    sqlite = f"sqlite:///{tmp_path / 'sso.db'}"
    async with open_migrated(
        sqlite if request.param == "sqlite" else await emptied_postgresql(postgres_server)
    ) as database:
        yield SqlSigningKeys(database)


async def test_of_one_generation_the_first_key_stays_and_the_newest_generation_comes_first(
    store: SigningKeyStore,
) -> None:
    one, two = sealed_key("1", 1, T), sealed_key("2", 2, T, T + HOUR)
    other = sealed_key("4", 1, T, purpose=Purpose.SSO)
    appended = [await store.append(key) for key in (one, two, other, sealed_key("3", 1, T), sealed_key("1", 3, T))]
    assert appended == [True, True, True, False, False]
    assert list(await store.all(ACCESS)) == [two, one]
    assert list(await store.all(Purpose.SSO)) == [other]


async def test_of_many_who_append_a_generation_at_once_one_does(store: SigningKeyStore) -> None:
    appended = await at_once(20, lambda number: store.append(sealed_key(str(number), 1, T)))
    (kept,) = await store.all(ACCESS)
    assert appended == [str(number) == kept.kid for number in range(20)]


async def test_a_key_is_withdrawn_once_and_for_ever(store: SigningKeyStore) -> None:
    one, two = sealed_key("1", 1, T), sealed_key("2", 2, T)
    for key in (one, two):
        await store.append(key)
    withdrawn = await at_once(20, lambda number: store.withdraw("1", T + number * HOUR))
    (kept,) = [key for key in await store.all(ACCESS) if key.kid == "1"]
    assert [T + number * HOUR for number, was in enumerate(withdrawn) if was] == [kept.plan.withdrawn_at]
    assert kept == replace(one, plan=replace(one.plan, withdrawn_at=kept.plan.withdrawn_at))
    assert not await store.withdraw("3", T)
    assert (await store.all(ACCESS))[0] == two


async def test_many_first_starts_at_once_make_one_key(store: SigningKeyStore) -> None:
    clock = SetClock()
    rings = await at_once(20, lambda _: keeper_of(store, clock).open(ACCESS))
    (kept,) = await store.all(ACCESS)
    assert {signing_kid(ring, clock()) for ring in rings} == {kept.kid}
    assert {len(kids(ring, clock())) for ring in rings} == {1}
    assert kept.plan == Planned(1, clock(), clock())


async def test_many_who_look_when_it_is_time_make_one_successor(store: SigningKeyStore) -> None:
    clock = SetClock()
    keeper = keeper_of(store, clock)
    rings = await at_once(10, lambda _: keeper.open(ACCESS))
    clock.now += ROTATION.signs
    await at_once(10, lambda number: keeper.keep(rings[number]))
    assert [key.plan.generation for key in await store.all(ACCESS)] == [2, 1]
    assert len({tuple(kids(ring, clock())) for ring in rings}) == 1


async def test_many_who_revoke_the_key_that_signs_and_rotate_at_once_leave_one_that_signs(
    empty_database: Database,
) -> None:
    clock, store = SetClock(), SqlSigningKeys(empty_database)
    keeper = keeper_of(store, clock, audit=SqlAuditLog(empty_database, IDENTITY_EVENTS))
    first = signing_kid(await keeper.open(ACCESS), clock())
    await at_once(10, lambda number: keeper.rotate(ACCESS) if number % 2 else keeper.revoke(first))
    ring = await keeper.read(ACCESS)
    assert signing_kid(ring, clock()) != first
    assert first not in kids(ring, clock())


async def test_where_a_key_cannot_be_withdrawn_none_is_put_in_its_place(empty_database: Database) -> None:
    clock, store = SetClock(), SqlSigningKeys(empty_database)
    keeper = keeper_of(store, clock, audit=SqlAuditLog(empty_database, IDENTITY_EVENTS))
    kid = signing_kid(await keeper.open(ACCESS), clock())
    before = await store.all(ACCESS)
    readings = iter([clock(), clock() + HOUR])  # the process stood still in between
    with pytest.raises(Unavailable):
        await replace(keeper, clock=lambda: next(readings)).revoke(kid)
    assert await store.all(ACCESS) == before


async def test_another_sealing_key_stops_the_start_and_changes_nothing(store: SigningKeyStore) -> None:
    clock = SetClock()
    ring = await keeper_of(store, clock).open(ACCESS)
    clock.now += ROTATION.signs  # it is time for a successor
    before = await store.all(ACCESS)
    with pytest.raises(SettingsError, match="Put back the sealing key"):
        await keeper_of(store, clock, sealer=ANOTHER_SEALER).open(ACCESS)
    assert await store.all(ACCESS) == before
    again = await keeper_of(store, clock).open(ACCESS)
    assert signing_kid(again, clock()) == signing_kid(ring, clock())
