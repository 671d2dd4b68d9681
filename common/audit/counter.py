"""Refusals that have no event of their own, counted per minute and address: nobody signed what was refused.

Anyone can bring these about, as many as they like. Here they cost an addition each, and the database one statement a
second, however many they are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from common.audit.kinds import OTHER, address_text
from common.audit.refusals import cause_of
from common.clock import Clock
from common.errors import (
    InvalidClient,
    NotAuthenticated,
    OtherPatientOpen,
    PermissionDenied,
    RateLimited,
    ServiceError,
    TokenRejected,
)

MAX_KEYS: Final = 10_000
"""Addresses and causes that are told apart in one minute; an address beyond is OTHER."""

_COUNTED: Final = (TokenRejected, InvalidClient, NotAuthenticated, PermissionDenied, OtherPatientOpen, RateLimited)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What is counted together. `minute` is when it began."""

    minute: datetime
    address: str
    cause: str


class RefusalStore(Protocol):
    async def add(self, counted: Sequence[tuple[Key, int]]) -> None:
        """Add to the counts that are kept, with one statement; other processes add to the same. Raises Unavailable."""
        ...


class RefusalCounter:
    """Counts in memory what the next `flush` keeps: a process that is killed loses the last second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: Counter[Key] = Counter()
        self._minute: datetime | None = None
        self._told_apart: set[Key] = set()

    def count(self, error: ServiceError, address: str) -> None:
        """Count a refusal that is answered to this address, which can be any text, unless it has an event."""
        if isinstance(error, _COUNTED) and not error.audited:
            minute = self._clock().replace(second=0, microsecond=0)
            self._counts[self._bounded(Key(minute, address_text(address), cause_of(error)))] += 1

    async def flush(self, store: RefusalStore) -> None:
        """Keep what was counted; what cannot be kept now is counted on. Raises Unavailable."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await store.add(sorted(counts.items()))  # in one order, so that processes do not lock each other out
        except BaseException:
            self._put_back(counts.items())
            raise

    def _bounded(self, key: Key) -> Key:
        if key.minute != self._minute:
            self._minute, self._told_apart = key.minute, set()
        if key not in self._told_apart:
            if len(self._told_apart) >= MAX_KEYS:
                return Key(key.minute, OTHER, key.cause)
            self._told_apart.add(key)
        return key

    def _put_back(self, counts: Iterable[tuple[Key, int]]) -> None:
        for key, count in counts:
            full = len(self._counts) >= MAX_KEYS and key not in self._counts
            self._counts[Key(key.minute, OTHER, key.cause) if full else key] += count
