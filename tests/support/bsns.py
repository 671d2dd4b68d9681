"""BSNs that pass the 11-test, each given out once, so that tests do not meet each other's patients."""

import itertools
from collections.abc import Iterator

from stdnum.nl import bsn


def passes(digits: str) -> bool:
    """Return whether nine digits pass the 11-test, as somebody else's library has it."""
    return bool(bsn.checksum(digits) == 0)


def _all() -> Iterator[str]:
    return filter(passes, (f"{number:09d}" for number in itertools.count(200_000_000)))


_fresh = _all()


def fresh_bsn() -> str:
    """Return a valid BSN that no test had before."""
    return next(_fresh)
