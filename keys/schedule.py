"""When a key of ours is published and when it signs: a function of the time and of the keys that there are.

Nothing of it is stored but when a key was made known and from when it signs. A key signs until its successor does,
however late that one comes, so there is never nobody; it stays published until the last token under it has expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from common.errors import SettingsError
from schemas.profiles import LONGEST

CACHED: Final = timedelta(minutes=5)
"""How long others may keep our key set."""

CLOCK_ERROR: Final = timedelta(minutes=2)
"""How far the clocks of our own processes, and of those who verify with our keys, may lie apart."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is kept of a key's time. `withdrawn_at`: when an operator took it out, for ever."""

    generation: int
    published_from: datetime
    signs_from: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Instants:
    """A key's four instants, in this order. None: not known yet, as it has no successor."""

    published_from: datetime
    signs_from: datetime
    signs_until: datetime | None
    published_until: datetime | None

    def published(self, now: datetime) -> bool:
        """Return whether the key is in the key set."""
        return self.published_from <= now and (self.published_until is None or now < self.published_until)

    def verifies(self, now: datetime) -> bool:
        """Return whether we take a token under this key ourselves; our clocks may differ."""
        return self.published_until is None or now < self.published_until + CLOCK_ERROR


@dataclass(frozen=True, slots=True)
class Rotation:
    """How long a key signs, how long before that it is announced, and how long it is kept published after it."""

    signs: timedelta
    announced: timedelta
    kept: timedelta

    def require_sound(self) -> None:
        """Raise SettingsError if a good token could be refused."""
        least_announced, least_kept = CACHED + 2 * CLOCK_ERROR, LONGEST + 2 * CLOCK_ERROR
        if self.announced < least_announced:
            raise SettingsError(
                "SSO_KEYS__ANNOUNCE_MINUTES is too short: others may keep our key set, so a new key has to be known "
                f"for {_minutes(least_announced)} minutes before it signs."
            )
        if self.kept < least_kept:
            raise SettingsError(
                "SSO_KEYS__KEEP_MINUTES is too short: tokens are good for a while after they were signed, so a key has "
                f"to stay published for {_minutes(least_kept)} minutes."
            )
        if self.signs < 2 * self.announced:
            raise SettingsError(
                "SSO_KEYS__ROTATE_DAYS is too short: a key has to sign for at least twice SSO_KEYS__ANNOUNCE_MINUTES."
            )

    def next(self, keys: Sequence[Planned], now: datetime) -> Planned | None:
        """Return the plan of the next key if it is time to make it: early enough to be late, and announced in time."""
        left = [key for key in keys if key.withdrawn_at is None]
        if not left:
            return self.at_once(keys, now) if keys else Planned(1, now, now)
        stops = max(key.signs_from for key in left) + self.signs
        if now < stops - 2 * self.announced:
            return None
        return replace(self.announced_now(keys, now), signs_from=max(now + self.announced, stops))

    def announced_now(self, keys: Sequence[Planned], now: datetime) -> Planned:
        """Return the plan of a next key that signs as soon as it has been announced."""
        return Planned(_next_generation(keys), now, now + self.announced)

    def at_once(self, keys: Sequence[Planned], now: datetime) -> Planned:
        """Return the plan of a next key that signs unannounced, in place of one that was withdrawn."""
        return Planned(_next_generation(keys), now, now)

    def instants(self, key: Planned, keys: Sequence[Planned]) -> Instants:
        """Return the four instants of one of the keys."""
        later = [other.signs_from for other in keys if other.generation > key.generation and _signed_ever(other)]
        signs_until = min(later, default=None)
        published_until = signs_until + self.kept if signs_until is not None else None
        if key.withdrawn_at is not None:
            signs_until = min(signs_until or key.withdrawn_at, key.withdrawn_at)
            published_until = min(published_until or key.withdrawn_at, key.withdrawn_at)
        return Instants(key.published_from, key.signs_from, signs_until, published_until)


def signing(keys: Sequence[Planned], now: datetime) -> Planned | None:
    """Return the key that signs now: the newest that may, else the oldest; None if all were withdrawn."""
    left = [key for key in keys if key.withdrawn_at is None or now < key.withdrawn_at]
    begun = [key for key in left if key.signs_from <= now]
    if begun:
        return max(begun, key=lambda key: key.generation)
    return min(left, key=lambda key: key.generation, default=None)  # the first one, by a clock that is behind


def _next_generation(keys: Sequence[Planned]) -> int:
    return max(key.generation for key in keys) + 1


def _signed_ever(key: Planned) -> bool:
    return key.withdrawn_at is None or key.withdrawn_at > key.signs_from


def _minutes(length: timedelta) -> int:
    return -(-int(length.total_seconds()) // 60)
