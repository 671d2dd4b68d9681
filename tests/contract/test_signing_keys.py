"""Our signing keys in the database: however many processes start at once, they end with one set of keys."""

from datetime import timedelta

import pytest

from common.errors import SettingsError
from common.sql import Database
from keys.ring import Purpose, SealedKey, open_ring
from keys.sealing import KEY_BYTES, Sealer
from keys.store_sql import SqlSigningKeys
from tests.support.clock import SetClock
from tests.support.races import at_once

ACCESS = Purpose.ACCESS
SEALER = Sealer(bytes(KEY_BYTES))


async def test_many_first_starts_at_once_make_one_key(empty_database: Database) -> None:
    store, clock = SqlSigningKeys(empty_database), SetClock()
    rings = await at_once(20, lambda _: open_ring(ACCESS, store, SEALER, clock))
    (kept,) = await store.all(ACCESS)
    assert {ring.signing_kid for ring in rings} == {kept.kid}
    assert {len(ring.public()) for ring in rings} == {1}
    assert kept.created_at == clock.now


async def test_another_sealing_key_stops_the_start_and_changes_nothing(empty_database: Database) -> None:
    store = SqlSigningKeys(empty_database)
    ring = await open_ring(ACCESS, store, SEALER, SetClock())
    with pytest.raises(SettingsError, match="Put back the sealing key"):
        await open_ring(ACCESS, store, Sealer(bytes(range(KEY_BYTES))), SetClock())
    assert (await open_ring(ACCESS, store, SEALER, SetClock())).signing_kid == ring.signing_kid


async def test_of_one_generation_the_first_key_stays_and_the_newest_generation_comes_first(
    empty_database: Database,
) -> None:
    store, now = SqlSigningKeys(empty_database), SetClock()()
    one, two = SealedKey("1", ACCESS, 1, b"a", now), SealedKey("2", ACCESS, 2, b"b", now + timedelta(seconds=1))
    other = SealedKey("4", Purpose.SSO, 1, b"e", now)
    for key in (one, two, other, SealedKey("3", ACCESS, 1, b"c", now), SealedKey("1", ACCESS, 3, b"d", now)):
        await store.append(key)
    assert list(await store.all(ACCESS)) == [two, one]
    assert list(await store.all(Purpose.SSO)) == [other]
