"""A week of our own keys: clocks apart, instances that come and go, verifiers that cache, operators at work.

No token that was good is refused by anybody, and no key signs that somebody could not know.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from keys.ring import Purpose
from keys.schedule import CACHED, LEAST_ANNOUNCED, LEAST_KEPT, Rotation
from keys.store_sql import SqlSigningKeys
from tests.support.databases import open_migrated
from tests.support.key_week import MINUTE, Week
from tests.support.memory import MemorySigningKeys

HOUR: Final = timedelta(hours=1)
ROTATION: Final = Rotation(signs=4 * HOUR, announced=LEAST_ANNOUNCED, kept=LEAST_KEPT)
"""As often as nobody does, and announced and kept for no longer than has to be."""


async def an_hour(week: Week) -> None:
    """Let an hour go by in which somebody may rotate, and an instance may be stopped for up to three hours."""
    happens = sorted(week.random.sample(range(60), 2))
    await week.live(happens[0] * MINUTE)
    if week.random.random() < 0.1:
        await week.random.choice(week.instances).keeper.rotate(Purpose.ACCESS)
    await week.live((happens[1] - happens[0]) * MINUTE)
    if week.random.random() < 0.2:
        week.stop(week.random.randrange(2), week.random.randint(1, 180) * MINUTE)
    await week.live((60 - happens[1]) * MINUTE)


def old_key(kids: Sequence[str], week: Week) -> str:
    """Return the newest key that signs no longer."""
    begun = [kid for kid in kids if kid in week.signed]
    return begun[1]


async def require_known_in_time(week: Week) -> None:
    """Check that every key but the first was there for as long as others keep a key set before it signed."""
    first = (await week.kept())[-1]
    early = [kid for kid, at in week.signed.items() if kid != first and at - week.seen[kid] < CACHED]
    assert not early


@pytest.mark.parametrize("seed", range(2))
async def test_in_a_week_no_good_token_is_refused_and_no_key_signs_unannounced(seed: int) -> None:
    week = Week(ROTATION, MemorySigningKeys(), seed)
    for hour in range(7 * 24):
        await an_hour(week)
        if hour % 24 == 12:
            await week.revoke(old_key(await week.kept(), week))
    assert len(week.signed) > 35
    assert not week.stranded
    await require_known_in_time(week)
    assert not week.withdrawn & week.verifiers[0].kids


async def test_after_a_month_without_any_of_us_nothing_is_refused_either() -> None:
    week = Week(ROTATION, MemorySigningKeys())
    await week.live(2 * HOUR)
    for number in (0, 1):
        week.stop(number, timedelta())
    week.time.forward(days=30)
    await week.live(12 * HOUR)
    assert len(week.signed) > 3
    assert not week.stranded
    await require_known_in_time(week)


async def test_over_a_database_it_is_the_same(tmp_path: Path) -> None:
    async with open_migrated(f"sqlite:///{tmp_path / 'sso.db'}") as database:
        week = Week(ROTATION, SqlSigningKeys(database))
        await week.live(5 * HOUR)
    assert len(week.signed) > 1
    assert not week.stranded
