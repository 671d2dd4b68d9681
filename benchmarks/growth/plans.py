"""How the database goes about every statement that the service runs: what it did, not what it says it would do.

PostgreSQL logs the plan of each statement as it was carried out (its own module `auto_explain`), with the pages that it
touched. So nothing here knows which statements there are, nor through which library they go.
"""
# mypy: disable-error-code="import-untyped"

import json
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from benchmarks.growth.fill import name_of

_SETTINGS: Final = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "on",  # what foreign keys ask
    "auto_explain.log_format": "json",
}
_ENTRY: Final = re.compile(r"^(\S*)> LOG:  duration: \S+ ms  plan:\n((?:\t.*\n)+)", re.MULTILINE)
_VALUES: Final = r"\(\$\d+(?:::[A-Z]+)?(?:, \$\d+(?:::[A-Z]+)?)*\)"
_LIST: Final = re.compile(rf"{_VALUES}(?:, {_VALUES})*")

BIG: Final = 10_000
"""Rows from which on nobody may read all of a table."""

FACTOR, LEVELS = 2.0, 8
"""How many times the pages a statement may touch at the large size, and how many beside: an index has two levels more.

Both for each row that it finds: where there is more, an answer has more.
"""


@dataclass(slots=True)
class Seen:
    """One statement of one kind of request: how often it was run, the pages it touched, the tables it read through."""

    kind: str
    query: str
    pages: list[int] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)
    scanned: set[str] = field(default_factory=set)

    @property
    def median(self) -> float:
        """Return how many pages it touched, usually."""
        return statistics.median(self.pages)

    @property
    def each(self) -> float:
        """Return how many pages it touched for each row that it found."""
        return self.median / max(1.0, statistics.mean(self.rows))

    def allowed(self, small: "Seen") -> float:
        """Return how many pages it may touch for a row here, that touched so many at the small size."""
        return FACTOR * small.each + LEVELS


Observed = dict[tuple[str, str], Seen]
"""By kind of request and text."""


async def explain_all(url: str, *, on: bool) -> None:
    """Have the server log the plans of whoever connects to a database from now on; or stop it."""
    connection = await asyncpg.connect(url)
    try:
        for name, value in _SETTINGS.items():
            change = f"SET {name} = '{value}'" if on else f"RESET {name}"
            await connection.execute(f'ALTER DATABASE "{name_of(url)}" {change}')
    finally:
        await connection.close()


@dataclass(slots=True)
class PlanLog:
    """The server's log, from which the plans of one database are read as they come."""

    file: Path
    database: str
    _read: int = 0

    def skip(self) -> None:
        """Leave out what has been logged so far."""
        self._read = self.file.stat().st_size

    def take(self, kind: str, into: Observed) -> None:
        """Add what was logged since the last time, as of this kind of request. Raises RuntimeError if it is nothing."""
        with self.file.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        found = 0
        for database, entry in _ENTRY.findall(text.decode(errors="replace")):
            if database != self.database:
                continue
            found += 1
            members: dict[str, Any] = json.loads(entry)
            query = normal(members["Query Text"])
            seen = into.setdefault((kind, query), Seen(kind, query))
            plan = members["Plan"]
            seen.pages.append(plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0))
            seen.rows.append(_found(plan))
            seen.scanned |= {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
        if not found:
            raise RuntimeError("PostgreSQL has logged no plan: is its module auto_explain installed?")


def normal(query: str) -> str:
    """Return a statement in one line, with one form for lists of whatever length."""
    return _LIST.sub("(…)", " ".join(query.split()))


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give all nodes of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def _found(plan: Mapping[str, Any]) -> float:
    """Return how many rows a plan found: in the end, or up to a limit on its way. Rows read in vain do not count."""
    limited = (node.get("Actual Rows", 0) for node in nodes(plan) if node["Node Type"] == "Limit")
    return float(max(plan.get("Actual Rows", 0), *limited, 0))


def faults(small: Observed, large: Observed, rows: Mapping[str, int]) -> list[str]:
    """Return what is wrong at the large size, a sentence each. `rows` is how many there are, by table."""
    found = []
    for key, seen in large.items():
        through = [table for table in sorted(seen.scanned) if rows.get(table, 0) >= BIG]
        found += [f"{seen.kind}: reads all of {table} ({rows[table]:,} rows): {seen.query}" for table in through]
        if key in small and seen.each > seen.allowed(small[key]):
            pages = f"{seen.median:g} pages, at the small size {small[key].median:g}"
            found.append(f"{seen.kind}: touches {pages}: {seen.query}")
    return found


def table(small: Observed, large: Observed) -> list[dict[str, Any]]:
    """Return a row for each statement that was run at both sizes, in the order in which they came."""
    both: Iterable[tuple[Seen, Seen]] = ((small[key], seen) for key, seen in large.items() if key in small)
    return [
        {"kind": seen.kind, "query": seen.query, "small": before.median, "large": seen.median,
         "most": max(seen.pages), "rows": round(statistics.mean(seen.rows), 1)}
        for before, seen in both
    ]  # fmt: skip
