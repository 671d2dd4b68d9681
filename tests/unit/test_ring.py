"""The ring: the newest key signs, all are published, and none shows its private half (RFC 7517, RFC 7638)."""

from typing import Final

import pytest
from joserfc.jwk import ECKey

from common.errors import SettingsError
from keys.ring import KeyRing, Purpose, open_ring
from keys.sealing import KEY_BYTES, Sealer
from tests.support.clock import SetClock
from tests.support.memory import MemorySigningKeys

NEW: Final = ECKey.generate_key("P-256", private=True)
OLD: Final = ECKey.generate_key("P-256", private=True)
RING: Final = KeyRing(Purpose.ACCESS, [NEW, OLD])
ACCESS: Final = Purpose.ACCESS
SEALER: Final = Sealer(bytes(KEY_BYTES))
PRIVATE: Final = {"d", "p", "q", "dp", "dq", "qi", "k"}


def test_the_newest_key_signs() -> None:
    assert RING.signing is NEW
    assert RING.signing_kid == NEW.thumbprint()


def test_every_key_is_found_by_its_thumbprint_and_nothing_by_another_name() -> None:
    assert RING.find(NEW.thumbprint()) is NEW
    assert RING.find(OLD.thumbprint()) is OLD
    assert [RING.find(kid) for kid in (None, "", "x", "\ud800", NEW.thumbprint()[:-1], f"{NEW.thumbprint()} ")] == [
        None
    ] * 6


def test_every_key_is_published_with_its_purpose_and_without_its_private_half() -> None:
    keys = RING.public()
    assert [key["kid"] for key in keys] == [NEW.thumbprint(), OLD.thumbprint()]
    for key in keys:
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
        assert not PRIVATE & key.keys()
        assert ECKey.import_key(key).thumbprint() == key["kid"]


async def test_the_first_opening_makes_a_key_and_the_next_finds_it() -> None:
    store, clock = MemorySigningKeys(), SetClock()
    first, second = await open_ring(ACCESS, store, SEALER, clock), await open_ring(ACCESS, store, SEALER, clock)
    (kept,) = await store.all(ACCESS)
    assert first.signing_kid == second.signing_kid == kept.kid
    assert (kept.generation, kept.created_at) == (1, clock.now)


async def test_a_key_at_rest_is_sealed() -> None:
    store = MemorySigningKeys()
    ring = await open_ring(ACCESS, store, SEALER, SetClock())
    (kept,) = await store.all(ACCESS)
    assert b"PRIVATE" not in kept.sealed
    assert ring.signing.as_pem(private=True) not in kept.sealed


async def test_another_sealing_key_stops_the_start_with_a_sentence_that_says_how_to_mend_it() -> None:
    store = MemorySigningKeys()
    ring = await open_ring(ACCESS, store, SEALER, SetClock())
    with pytest.raises(SettingsError, match="Put back the sealing key that belongs to this database") as caught:
        await open_ring(ACCESS, store, Sealer(bytes(range(KEY_BYTES))), SetClock())
    assert ring.signing_kid in str(caught.value)
    assert (await open_ring(ACCESS, store, SEALER, SetClock())).signing_kid == ring.signing_kid


async def test_a_sealed_key_under_another_name_does_not_open() -> None:
    store, other = MemorySigningKeys(), MemorySigningKeys()
    for keys in (store, other):
        await open_ring(ACCESS, keys, SEALER, SetClock())
    (kept,), (foreign,) = await store.all(ACCESS), await other.all(ACCESS)
    moved = type(kept)(kept.kid, ACCESS, kept.generation, foreign.sealed, kept.created_at)
    with pytest.raises(SettingsError):
        await open_ring(ACCESS, MemorySigningKeys({(ACCESS, 1): moved}), SEALER, SetClock())


async def test_each_purpose_has_a_key_of_its_own_and_its_own_algorithm() -> None:
    store = MemorySigningKeys()
    access, sso = [await open_ring(purpose, store, SEALER, SetClock()) for purpose in (ACCESS, Purpose.SSO)]
    assert [key["alg"] for ring in (access, sso) for key in ring.public()] == ["ES256", "RS256"]
    assert access.find(sso.signing_kid) is None
    assert sso.find(access.signing_kid) is None
    assert not PRIVATE & sso.public()[0].keys()
