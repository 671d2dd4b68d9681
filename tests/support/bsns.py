"""BSNs that pass the 11-test, each given out once, so that tests do not meet each other's patients."""

import itertools
from collections.abc import Iterator

_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def passes(digits: str) -> bool:
    """Return whether nine digits pass the 11-test."""
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11 == 0


def _all() -> Iterator[str]:
    return filter(passes, (f"{number:09d}" for number in itertools.count(200_000_000)))


_fresh = _all()


def fresh_bsn() -> str:
    """Return a valid BSN that no test had before."""
    return next(_fresh)
