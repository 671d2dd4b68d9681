"""When a key of ours is published and when it signs: a function of the time and of the keys that there are.

Nothing of it is stored but when a key was made known and from when it signs. A key signs until its successor does,
however late that one comes, so there is never nobody; it stays published until the last token under it has expired.
What an operator did counts as soon as it is known, whatever a clock says: a key that was withdrawn is out, and one
that took its place unannounced signs.
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

LEAST_ANNOUNCED: Final = CACHED + 2 * CLOCK_ERROR
"""How long a key has to be known before it signs: once for the clocks, once for writing it down and reading it."""

LEAST_KEPT: Final = LONGEST + 2 * CLOCK_ERROR
"""How long after its successor began tokens under a key may still be good."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is kept of a key's time. `withdrawn_at`: when an operator took it out, for ever."""

    generation: int
    published_from: datetime
    signs_from: datetime
    withdrawn_at: datetime | None = None

    @property
    def unannounced(self) -> bool:
        """Return whether it signs as soon as it is there: the first key, and one in place of a key withdrawn."""
        return self.signs_from <= self.published_from

    def begun(self, now: datetime) -> bool:
        """Return whether it may sign; a clock that is behind does not hold up one that signs unannounced."""
        return self.unannounced or self.signs_from <= now

    @property
    def signed_ever(self) -> bool:
        """Return whether it was not withdrawn before it signed."""
        return self.withdrawn_at is None or self.unannounced or self.withdrawn_at >= self.signs_from


@dataclass(frozen=True, slots=True)
class Instants:
    """A key's four instants, in this order. None: not known yet, as it has no successor.

    A key that never signed, because a later one began before it or it was withdrawn, has its second and third in one.
    """

    published_from: datetime
    signs_from: datetime
    signs_until: datetime | None
    published_until: datetime | None
    withdrawn: bool = False

    def published(self, now: datetime) -> bool:
        """Return whether the key is in the key set: from when it is known here, by whatever clock it was made."""
        return not self.withdrawn and (self.published_until is None or now < self.published_until)

    def verifies(self, now: datetime) -> bool:
        """Return whether we take a token under this key ourselves; our clocks may differ."""
        return self.published(now - CLOCK_ERROR)


@dataclass(frozen=True, slots=True)
class Rotation:
    """How long a key signs, how long before that it is announced, and how long it is kept published after it."""

    signs: timedelta
    announced: timedelta
    kept: timedelta

    def require_sound(self) -> None:
        """Raise SettingsError if a good token could be refused."""
        if self.announced < LEAST_ANNOUNCED:
            raise SettingsError(
                "SSO_KEYS__ANNOUNCE_MINUTES is too short: others may keep our key set, so a new key has to be known "
                f"for {_minutes(LEAST_ANNOUNCED)} minutes before it signs."
            )
        if self.kept < LEAST_KEPT:
            raise SettingsError(
                "SSO_KEYS__KEEP_MINUTES is too short: tokens are good for a while after they were signed, so a key has "
                f"to stay published for {_minutes(LEAST_KEPT)} minutes."
            )
        if self.signs < 2 * self.announced:
            raise SettingsError(
                "SSO_KEYS__ROTATE_DAYS is too short: a key has to sign for at least twice SSO_KEYS__ANNOUNCE_MINUTES."
            )

    def next(self, keys: Sequence[Planned], now: datetime) -> Planned | None:
        """Return the plan of the next key if it is time to make it: early enough to be late, and announced in time."""
        if signing(keys, now) is None:
            return self.at_once(keys, now)
        newest = max((key for key in keys if key.withdrawn_at is None), key=_generation)
        stops = newest.signs_from + self.signs
        if now < stops - 2 * self.announced:
            return None
        return replace(self.announced_now(keys, now), signs_from=max(now + self.announced, stops))

    def coming(self, keys: Sequence[Planned], now: datetime) -> Planned | None:
        """Return the key that has been announced and signs before long, if there is one.

        None too for one that a wrong clock made for a far day; the next key that is made comes before it.
        """
        soon = now + 2 * self.announced
        newest = max((key for key in keys if key.withdrawn_at is None), key=_generation, default=None)
        return newest if newest is not None and not newest.begun(now) and newest.signs_from <= soon else None

    def announced_now(self, keys: Sequence[Planned], now: datetime) -> Planned:
        """Return the plan of a next key that signs as soon as it has been announced."""
        return Planned(_next_generation(keys), now, now + self.announced)

    def at_once(self, keys: Sequence[Planned], now: datetime) -> Planned:
        """Return the plan of a key that signs unannounced: the first, or one in place of a key that was withdrawn."""
        return Planned(_next_generation(keys), now, now)

    def instants(self, key: Planned, keys: Sequence[Planned]) -> Instants:
        """Return the four instants of one of the keys."""
        later = [other.signs_from for other in keys if other.generation > key.generation and other.signed_ever]
        succeeded, withdrawn = min(later, default=None), key.withdrawn_at is not None
        stops, goes = _first(succeeded, key.withdrawn_at), _first(succeeded and succeeded + self.kept, key.withdrawn_at)
        if stops is None or goes is None:
            return Instants(key.published_from, key.signs_from, None, None)
        stops = max(stops, key.published_from)
        return Instants(key.published_from, min(key.signs_from, stops), stops, max(goes, stops), withdrawn)


def signing(keys: Sequence[Planned], now: datetime) -> Planned | None:
    """Return the key that signs now: the newest that has begun; None if it was withdrawn, or there is none.

    An older one never signs again: by then it may be published no longer.
    """
    begun = [key for key in keys if key.begun(now) and key.signed_ever]
    newest = max(begun, key=_generation, default=None)
    return newest if newest is not None and newest.withdrawn_at is None else None


def _generation(key: Planned) -> int:
    return key.generation


def _next_generation(keys: Sequence[Planned]) -> int:
    return max((key.generation for key in keys), default=0) + 1


def _first(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time is not None), default=None)


def _minutes(length: timedelta) -> int:
    return -(-int(length.total_seconds()) // 60)
