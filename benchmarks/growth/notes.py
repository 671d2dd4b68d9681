"""The sentences that stand under the figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.growth.plans import BIG, FACTOR, LEVELS
from benchmarks.growth.population import COMPANIES


def of_run(large: int, seconds: Mapping[int, float]) -> list[str]:
    """Return what there is, and how it was asked."""
    took = ", ".join(f"{size:,} in {each:.0f} s" for size, each in seconds.items())
    there = f"{COMPANIES:,} companies by Zipf's law, the largest with an eleventh of {large:,} dossiers; one group of "
    there += f"{large // 50:,} records; professionals, consents, relationships, launches and audit in proportion."
    asked = "The application is called in this process, one request after the other, on two databases of one server in "
    searched = (
        "A search in groups has more to answer at the large size, where the group has a thousand times the records; "
    )
    spread = "the patients of a batch are spread over all data, of which PostgreSQL's memory holds a third at most."
    return [there, f"{asked}turn. Dossiers filled: {took}.", f"{searched}{spread}"]


def on_postgresql(statements: int, faults: int, details: Mapping[str, Any]) -> list[str]:
    """Return what the plans showed, and what a launch writes."""
    looked = (
        f"The plan of every statement that was run, as PostgreSQL carried it out: {statements} statements, {faults} "
    )
    looked += f"faults (a table of {BIG:,} rows read through, or more than {FACTOR:g} times the pages and {LEVELS})."
    pages = {size: _pages(details["plans"], size) for size in ("small", "large")}
    touched = f"All statements of a launch touch {pages['large']:g} pages at the large size, {pages['small']:g} at the "
    wrote = [
        f"{details['journal'][size]:,.0f} bytes at {int(size):,} dossiers ({compressed:,.0f} with `wal_compression`)"
        for size, compressed in details["compressed journal"].items()
    ]
    journal = "A launch's journal, right after a checkpoint, when each page that changes is written whole: "
    journal += f"{', '.join(wrote)}."
    return [looked, f"{touched}small one.", journal]


def on_sqlite(statements: int, faults: int, large: int, size: int) -> list[str]:
    """Return what the plans showed, and how large the file is."""
    looked = f"{statements} statements were explained: {faults} would read through a table of {BIG:,} rows."
    return [looked, f"The file of {large:,} dossiers has {size / 1e6:,.0f} MB."]


def _pages(plans: Sequence[Mapping[str, Any]], size: str) -> float:
    return float(sum(row[size] for row in plans if row["kind"] == "launch"))
