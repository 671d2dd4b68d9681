"""The arithmetic: from what one launch costs, and what one of everything carries, to how many of each there must be.

Every figure is an upper bound of its own: parts that are measured alone get no help from another's idle time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

RATES: Final = (100, 10_000, 1_000_000)
"""Launches a second."""

BUSY: Final = 0.6
"""Of what a part can do at most so much is asked of it: above that, waiting begins."""

CORES: Final = 32
"""Of the largest database server that is bought without a second thought."""

JOURNAL_BYTES: Final = 200e6
"""Of journal in a second, that one PostgreSQL writes, ships to its standbys and archives without falling behind."""

_DAY: Final = 86_400
_YEAR: Final = 365 * _DAY


@dataclass(frozen=True, slots=True)
class Launch:
    """What one launch costs, as it was measured. Times are microseconds of processor time."""

    service_us: float
    postgres_us: float
    redis_us: float
    redis_commands: float
    spend_key_bytes: float
    spend_seconds: float
    journal_bytes: float
    spend_row_bytes: float
    kept_bytes: float
    """Of rows that stay: launch and events, with their indexes. The spend row goes after a day."""


@dataclass(frozen=True, slots=True)
class Need:
    """What so many launches a second need of one part, and how many that are."""

    part: str
    amount: float
    unit: str
    one_carries: float
    """Launches a second."""

    count: int
    what: str


def needs(launch: Launch, rate: float) -> list[Need]:
    """Return what this rate needs of each part, the scarcest first: the one of which one carries least."""
    carries = {
        "service": (BUSY * 1e6 / launch.service_us, rate * launch.service_us / 1e6, "cores busy", "processes"),
        "PostgreSQL, processor": (
            CORES * BUSY * 1e6 / launch.postgres_us, rate * launch.postgres_us / 1e6, "cores busy",
            f"servers of {CORES} cores",
        ),
        "PostgreSQL, journal": (
            BUSY * JOURNAL_BYTES / launch.journal_bytes, rate * launch.journal_bytes / 1e6, "MB a second", "servers"
        ),
        "Redis": (
            BUSY * 1e6 / launch.redis_us, rate * launch.redis_commands, "commands a second", "primaries"
        ),
    }  # fmt: skip
    found = [
        Need(part, amount, unit, one, math.ceil(rate / one), what)
        for part, (one, amount, unit, what) in carries.items()
    ]
    return sorted(found, key=lambda need: need.one_carries)


@dataclass(frozen=True, slots=True)
class Kept:
    """What so many launches a second leave behind, in bytes."""

    spend_keys: float
    spend_rows: float
    a_day: float
    a_year: float


def kept(launch: Launch, rate: float) -> Kept:
    """Return what lies in Redis and in the spend table at any time, and what a day and a year add to the rest."""
    return Kept(
        spend_keys=rate * launch.spend_seconds * launch.spend_key_bytes,
        spend_rows=rate * _DAY * launch.spend_row_bytes,
        a_day=rate * _DAY * launch.kept_bytes,
        a_year=rate * _YEAR * launch.kept_bytes,
    )


def first_bottleneck(steps: Sequence[Need]) -> str:
    """Return the part of which one is first not enough: processes of ours do not count, as they keep nothing."""
    return next(need.part for need in steps if need.part != "service")


def readable(number: float) -> str:
    """Return a number of bytes as people say it."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if abs(number) < 1000:  # noqa: PLR2004 - the next unit's
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} PB"
