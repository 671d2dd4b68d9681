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

CHECKPOINT_SECONDS: Final = 1_800
"""Between two checkpoints of PostgreSQL. After one, the first change of each page writes the whole page."""

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
    first_touch_bytes: float
    """Beside, right after a checkpoint: whole pages, of which each is written once until the next."""

    touched_bytes: float
    """Of all pages that there are: more cannot be written whole."""

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
    room = BUSY * JOURNAL_BYTES
    found = [
        _of_processor("service", launch.service_us, rate, BUSY, "processes"),
        _of_processor("PostgreSQL, processor", launch.postgres_us, rate, CORES * BUSY, f"servers of {CORES} cores"),
        Need(
            "PostgreSQL, journal",
            journal(launch, rate) / 1e6,
            "MB a second",
            (room - _whole_pages(launch)) / launch.journal_bytes,
            math.ceil(journal(launch, rate) / room),
            "servers",
        ),
        Need(
            "Redis",
            rate * launch.redis_commands,
            "commands a second",
            BUSY * 1e6 / launch.redis_us,
            math.ceil(rate * launch.redis_us / 1e6 / BUSY),
            "primaries",
        ),
    ]
    return sorted(found, key=lambda need: need.one_carries)


def journal(launch: Launch, rate: float) -> float:
    """Return how many bytes of the journal PostgreSQL writes in a second."""
    return rate * launch.journal_bytes + min(rate * launch.first_touch_bytes, _whole_pages(launch))


def _whole_pages(launch: Launch) -> float:
    return launch.touched_bytes / CHECKPOINT_SECONDS


def _of_processor(part: str, each: float, rate: float, cores: float, what: str) -> Need:
    busy = rate * each / 1e6
    return Need(part, busy, "cores busy", cores * 1e6 / each, math.ceil(busy / cores), what)


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
