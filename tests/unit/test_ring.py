"""The ring: one key signs, the published ones are shown, and none shows its private half (RFC 7517, RFC 7638)."""

from datetime import timedelta
from typing import Final

import pytest
from joserfc.jwk import ECKey

from common.errors import Unavailable
from keys.ring import KeyRing, Purpose, RingKey
from keys.schedule import CLOCK_ERROR, Planned
from tests.support.memory import REGISTERED as T
from tests.support.own_keys import ROTATION, kids, ring_of, signing_kid

OLD, NEW, NEXT = (ECKey.generate_key("P-256", private=True) for _ in range(3))
HOUR: Final = timedelta(hours=1)
PRIVATE: Final = {"d", "p", "q", "dp", "dq", "qi", "k"}
KEYS: Final = {"next": NEXT, "new": NEW, "old": OLD}
PLANS: Final = {"next": Planned(3, T, T + HOUR), "new": Planned(2, T - HOUR, T), "old": Planned(1, T - HOUR, T - HOUR)}


def ring(**changed: Planned) -> KeyRing:
    """Return a ring of an announced key, one that signs and its predecessor; `new=…` gives one another plan."""
    plans = PLANS | changed
    return KeyRing(
        Purpose.ACCESS, ROTATION, [RingKey(KEYS[name].thumbprint(), KEYS[name], plans[name]) for name in KEYS]
    )


def test_the_newest_key_that_has_begun_signs() -> None:
    assert ring().signing(T) == (NEW.thumbprint(), NEW)
    assert ring().signing(T + HOUR - timedelta(seconds=1)) == (NEW.thumbprint(), NEW)
    assert ring().signing(T + HOUR) == (NEXT.thumbprint(), NEXT)


def test_every_key_is_found_by_its_thumbprint_and_nothing_by_another_name() -> None:
    keys = ring()
    assert [keys.find(key.thumbprint(), T) for key in (OLD, NEW, NEXT)] == [OLD, NEW, NEXT]
    name = NEW.thumbprint()
    assert [keys.find(kid, T) for kid in (None, "", "x", "\ud800", name[:-1], f"{name} ")] == [None] * 6
    assert [keys.opened(key.thumbprint()) for key in (OLD, NEW, NEXT)] == [OLD, NEW, NEXT]
    assert [keys.opened(kid) for kid in ("", "x", name[:-1])] == [None] * 3


def test_every_key_is_published_with_its_purpose_and_without_its_private_half() -> None:
    keys = ring().public(T)
    assert [key["kid"] for key in keys] == [key.thumbprint() for key in (NEXT, NEW, OLD)]
    for key in keys:
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
        assert not PRIVATE & key.keys()
        assert ECKey.import_key(key).thumbprint() == key["kid"]


def test_a_key_leaves_the_set_at_its_end_and_verifies_for_as_long_as_our_clocks_may_differ() -> None:
    keys, end = ring(), T + ROTATION.kept
    assert OLD.thumbprint() in kids(keys, end - timedelta(seconds=1))
    assert OLD.thumbprint() not in kids(keys, end)
    assert keys.find(OLD.thumbprint(), end + CLOCK_ERROR - timedelta(seconds=1)) is OLD
    assert keys.find(OLD.thumbprint(), end + CLOCK_ERROR) is None
    assert keys.opened(OLD.thumbprint()) is OLD  # it is still ours: no company may have it


async def test_a_withdrawn_key_is_out_whatever_the_clock_says() -> None:
    for moment in (T - HOUR, T, T + HOUR):
        keys = ring(old=Planned(1, T - HOUR, T - HOUR, withdrawn_at=moment))
        assert OLD.thumbprint() not in kids(keys, T)
        assert keys.find(OLD.thumbprint(), T) is None
        assert await keys.key(OLD.thumbprint(), T) is None
        assert await keys.key(NEW.thumbprint(), T) is NEW


def test_where_none_signs_the_answer_is_no_and_not_an_older_key() -> None:
    keys = ring(new=Planned(2, T - HOUR, T, withdrawn_at=T + timedelta(minutes=1)))
    with pytest.raises(Unavailable, match="the signing key"):
        keys.signing(T + timedelta(minutes=1))
    with pytest.raises(Unavailable):
        KeyRing(Purpose.ACCESS, ROTATION).signing(T)


def test_a_ring_that_could_not_look_answers_nobody_until_it_could() -> None:
    keys = ring_of(Purpose.ACCESS, NEW)
    keys.lose()
    for ask in (keys.signing, keys.public, lambda now: keys.find(NEW.thumbprint(), now)):
        with pytest.raises(Unavailable, match="the signing keys"):
            ask(T)
    keys.replace([RingKey(NEW.thumbprint(), NEW, PLANS["new"])])
    assert signing_kid(keys, T) == NEW.thumbprint()
    assert kids(keys, T) == [NEW.thumbprint()]
    assert keys.find(NEW.thumbprint(), T) is NEW
