"""Changing the digest key: rows under the new key for everybody, then the old one is retired (ADR 0030).

What is kept of a BSN cannot be turned back into it, so every BSN there can be is tried under the old key: some ninety
million, a few minutes for one processor. Who has a row under the new key already is not looked for, so what was
stopped goes on with those who are left.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from identity.pseudoniem.digest import DigestKey
from schemas.identifiers import Pseudoniem

PREFIXES: Final = range(10**8)
"""The first eight digits; the ninth follows from them by the 11-test."""

BLOCK: Final = 100_000
"""Prefixes between two signs of life."""

AT_ONCE: Final = 1_000_000
"""Persons looked for in one pass: their digests are held in memory, 150 octets each."""

_BATCH: Final = 10_000
"""Rows in one transaction."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A digest key and its version."""

    version: int
    key: DigestKey


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pass is: prefixes tried, and how many persons have got their row in it."""

    tried: int
    found: int


class RekeyStore(Protocol):
    async def without(self, old: int, new: int, limit: int) -> Mapping[bytes, Pseudoniem]:
        """Return at most `limit` digests of the old version whose pseudoniem has no row of the new one."""
        ...

    async def add(self, old: int, new: int, digests: Mapping[bytes, bytes]) -> None:
        """Keep rows of the new version for those that are there of the old one: by old digest the new one."""
        ...

    async def lacking(self, new: int) -> int:
        """Return how many rows of older versions are of persons who have none of this one."""
        ...

    async def retire(self, new: int, now: datetime) -> int:
        """Retire all older versions if every person has a row of this one; return how many have none."""
        ...

    async def forget(self, new: int, limit: int) -> int:
        """Remove at most `limit` rows of retired versions, older than this; return how many that were."""
        ...


async def rekey(store: RekeyStore, old: Keyed, new: Keyed, prefixes: range = PREFIXES) -> AsyncIterator[Progress]:
    """Give everybody who has a row of the old version one of the new; yield how far it is. Raises Unavailable.

    Ends when all have one, or when none of those who are left has a BSN.
    """
    left = AT_ONCE
    while left == AT_ONCE:
        looked_for = dict(await store.without(old.version, new.version, AT_ONCE))
        left = len(looked_for)
        for begin in range(prefixes.start, prefixes.stop, BLOCK):
            if not looked_for:
                break
            block = range(begin, min(begin + BLOCK, prefixes.stop))
            digests = _found(block, old.key, new.key, looked_for)
            if digests:
                await store.add(old.version, new.version, digests)
            yield Progress(block.stop, left - len(looked_for))
        if looked_for:
            return


async def retire(store: RekeyStore, new: int, now: datetime) -> int:
    """Retire all versions before the new one and remove their rows; return how many persons have no row of it yet.

    If there are any, nothing happens. While it looks whether there are, nobody can be seen for the first time: they
    are unavailable. Raises Unavailable.
    """
    left = await store.lacking(new) or await store.retire(new, now)
    while not left and await store.forget(new, _BATCH):
        pass
    return left


def _found(block: range, old: DigestKey, new: DigestKey, looked_for: dict[bytes, Pseudoniem]) -> Mapping[bytes, bytes]:
    """Take those out of `looked_for` whose BSN is in the block; return their digests under the new key by the old."""
    old_digest, new_digest = old.many(), new.many()
    found = {}
    for bsn in bsns(block):
        digest = old_digest(bsn)
        if looked_for.pop(digest, None) is not None:
            found[digest] = new_digest(bsn)
    return found


def bsns(prefixes: range) -> Iterator[bytes]:
    """Yield the nine digits of each BSN with these first eight: the one whose ninth digit passes the 11-test, if any.

    The ninth is the sum of 9, 8, … 2 times the first eight, modulo eleven; zeros alone are no BSN.
    """
    for prefix in prefixes:
        digits = b"%08d" % prefix
        a, b, c, d, e, f, g, h = digits
        ninth = (9 * a + 8 * b + 7 * c + 6 * d + 5 * e + 4 * f + 3 * g + 2 * h - 44 * 48) % 11
        if ninth < 10 and prefix:  # noqa: PLR2004 - a digit
            yield b"%b%d" % (digits, ninth)
