"""The schedule of our own keys: one signs, the others know it, and no token outlives its key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import SettingsError
from keys.ring import Purpose
from keys.schedule import CLOCK_ERROR, LEAST_ANNOUNCED, LEAST_KEPT, Planned, Rotation, signing
from tests.support.chains import INSTANT, Chain
from tests.support.key_week import Week
from tests.support.memory import REGISTERED as T
from tests.support.memory import MemorySigningKeys
from tests.support.own_keys import ROTATION

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
SHORT: Final = Rotation(signs=2 * LEAST_ANNOUNCED, announced=LEAST_ANNOUNCED, kept=LEAST_KEPT)
"""The shortest that is sound."""

Step = Callable[[Chain], None]
SPANS = st.timedeltas(timedelta(), timedelta(days=200)) | st.timedeltas(timedelta(), 2 * HOUR)
STEPS: Final[st.SearchStrategy[Step]] = st.one_of(
    st.just(Chain.tick),
    st.just(Chain.rotate),
    SPANS.map(lambda time: lambda chain: chain.wait(time)),
    st.integers(0, 9).map(lambda number: lambda chain: chain.revoke(number)),
)


def begun(rotation: Rotation = ROTATION) -> Chain:
    """Return a chain with its first key."""
    chain = Chain(rotation, T)
    chain.tick()
    return chain


@pytest.mark.parametrize("rotation", [ROTATION, SHORT], ids=["default", "shortest"])
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_one_key_signs_that_is_known_and_no_token_outlives_its_key(
    rotation: Rotation, steps: list[Step]
) -> None:
    chain = begun(rotation)
    for step in steps:
        step(chain)  # which checks it, at every moment at which something changes


def test_the_first_key_signs_at_once_and_the_second_is_announced_in_time() -> None:
    chain = begun()
    assert chain.plans == [Planned(1, T, T)]
    chain.wait(ROTATION.signs - 2 * ROTATION.announced - INSTANT)
    chain.tick()
    assert len(chain.plans) == 1
    chain.wait(INSTANT)
    chain.tick()
    assert chain.plans[1:] == [Planned(2, chain.now, T + ROTATION.signs)]
    chain.tick()
    assert len(chain.plans) == 2


def test_after_weeks_without_us_the_old_key_signs_until_everybody_knows_the_new_one() -> None:
    chain = begun()
    chain.wait(ROTATION.signs + timedelta(weeks=5))
    chain.tick()
    announced = chain.now
    assert chain.plans[1] == Planned(2, announced, announced + ROTATION.announced)
    old = ROTATION.instants(chain.plans[0], chain.plans)
    assert (old.signs_until, old.published_until) == (
        announced + ROTATION.announced,
        announced + ROTATION.announced + ROTATION.kept,
    )
    chain.wait(timedelta(days=1))


def test_a_key_is_announced_once_however_often_an_operator_asks() -> None:
    chain = begun()
    for _ in range(3):
        chain.rotate()
    assert chain.plans[1:] == [Planned(2, T, T + ROTATION.announced)]
    chain.wait(ROTATION.announced)
    chain.rotate()
    assert [plan.generation for plan in chain.plans] == [1, 2, 3]


def test_a_key_that_a_wrong_clock_made_for_a_far_day_can_be_overtaken() -> None:
    chain = begun()
    far = replace(chain, now=T + timedelta(days=5000))
    far.tick()
    chain.tick()
    assert [plan.generation for plan in chain.plans] == [1, 2]  # they share them: the far one is there
    chain.rotate()
    chain.wait(ROTATION.announced)
    signs = signing(chain.plans, chain.now)
    assert signs is chain.plans[2]
    never = ROTATION.instants(chain.plans[1], chain.plans)
    assert never.signs_from == never.signs_until


def test_a_revoked_key_is_followed_at_once_and_an_older_one_never_signs_again() -> None:
    chain = begun()
    chain.rotate()
    chain.wait(HOUR)
    chain.revoke(1)
    assert signing(chain.plans, chain.now) == Planned(3, chain.now, chain.now)
    without = chain.plans[:2]
    assert signing(without, chain.now) is None
    assert ROTATION.next(without, chain.now) == Planned(3, chain.now, chain.now)


@pytest.mark.parametrize("behind", [timedelta(), 2 * MINUTE])
def test_who_is_behind_signs_with_the_first_key_and_with_one_in_place_of_a_revoked_one_all_the_same(
    behind: timedelta,
) -> None:
    first = [Planned(1, T, T)]
    assert signing(first, T - behind) is first[0]
    assert ROTATION.instants(first[0], first).published(T - behind)
    emergency = [Planned(1, T - HOUR, T - HOUR, withdrawn_at=T), Planned(2, T, T)]
    assert signing(emergency, T - behind) is emergency[1]
    revoked = ROTATION.instants(emergency[0], emergency)
    assert not revoked.published(T - behind)
    assert not revoked.verifies(T - behind)


def test_one_who_is_behind_revokes_the_key_that_took_anothers_place() -> None:
    chain = begun()
    chain.revoke(0)
    chain.now -= CLOCK_ERROR
    chain.revoke(1)
    assert [plan.generation for plan in chain.plans if plan.withdrawn_at is None] == [3]
    assert signing(chain.plans, chain.now) is chain.plans[2]


def test_a_key_that_was_withdrawn_before_it_signed_takes_nobodys_place() -> None:
    chain = begun()
    chain.rotate()
    chain.revoke(1)
    chain.wait(2 * HOUR)
    assert signing(chain.plans, chain.now) is chain.plans[0]
    assert ROTATION.instants(chain.plans[0], chain.plans).signs_until is None
    unused = ROTATION.instants(chain.plans[1], chain.plans)
    assert (unused.signs_from, unused.signs_until, unused.published_until) == (T, T, T)


def test_a_key_verifies_for_a_clock_error_longer_than_it_is_published() -> None:
    old, new = Planned(1, T - HOUR, T - HOUR), Planned(2, T - HOUR, T)
    when, end = ROTATION.instants(old, [old, new]), T + ROTATION.kept
    assert [when.published(moment) for moment in (T - HOUR, end - INSTANT, end)] == [True, True, False]
    assert [when.verifies(moment) for moment in (end, end + CLOCK_ERROR - INSTANT, end + CLOCK_ERROR)] == [
        True,
        True,
        False,
    ]


UNSOUND: dict[str, tuple[dict[str, Any], str]] = {
    "announced too late": ({"announced": LEAST_ANNOUNCED - MINUTE}, "ANNOUNCE_MINUTES is too short.* 9 minutes"),
    "out too soon": ({"kept": LEAST_KEPT - INSTANT}, "KEEP_MINUTES is too short.* 20 minutes"),
    "signs too short": ({"signs": 2 * LEAST_ANNOUNCED - INSTANT}, "ROTATE_DAYS is too short"),
}


@pytest.mark.parametrize(("change", "sentence"), UNSOUND.values(), ids=UNSOUND)
def test_a_rotation_that_could_strand_a_token_is_refused_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    SHORT.require_sound()
    ROTATION.require_sound()
    with pytest.raises(SettingsError, match=sentence):
        replace(SHORT, **change).require_sound()


MINUTES = st.integers(1, 30).map(lambda minutes: minutes * MINUTE)


def is_sound(rotation: Rotation) -> bool:
    try:
        rotation.require_sound()
    except SettingsError:
        return False
    return True


async def strands(rotation: Rotation, seed: int) -> bool:
    """Return whether a few hours under a rotation, with an operator who rotates besides, end with a token refused."""
    week = Week(rotation, MemorySigningKeys(), seed)
    await week.live(3 * rotation.signs + 5 * MINUTE)
    await week.instances[0].keeper.rotate(Purpose.ACCESS)
    await week.live(2 * rotation.announced + rotation.kept + HOUR)
    return bool(week.stranded)


@settings(max_examples=30, deadline=None)
@given(
    signs=st.integers(10, 60).map(lambda minutes: minutes * MINUTE),
    announced=MINUTES,
    kept=MINUTES,
    seed=st.integers(0, 99),
)
async def test_every_rotation_under_which_a_token_is_stranded_is_refused(
    signs: timedelta, announced: timedelta, kept: timedelta, seed: int
) -> None:
    rotation = Rotation(signs, announced, kept)
    assert not await strands(rotation, seed) or not is_sound(rotation)


@pytest.mark.parametrize(
    "change", [{"announced": 3 * MINUTE}, {"kept": timedelta(minutes=14)}], ids=["announced late", "out soon"]
)
async def test_the_simulation_sees_a_stranded_token(change: dict[str, timedelta]) -> None:
    sound = replace(SHORT, signs=HOUR)
    assert not await strands(sound, seed=1)
    assert await strands(replace(sound, **change), seed=1)
