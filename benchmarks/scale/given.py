"""What the arithmetic starts from, out of the results of the measurements."""

from collections.abc import Mapping
from typing import Any

from benchmarks.scale.model import Launch

Results = Mapping[str, Any]


def launch_of(jobs: Results, growth: Results, measured: Results) -> tuple[Launch, str]:
    """Return what one launch costs, and which measurement its processor time is of.

    Over HTTP, where `make bench` has run; else as `make bench-growth` calls it, without a network. Raises KeyError
    where neither is there.
    """
    size = max(growth["tables"], key=int)
    tables, redis_us = growth["tables"][size], growth["redis"]["cpu_us"]
    over_http: Results | None = jobs.get("launch", {}).get("variants", {}).get("ours")
    variant = over_http or jobs["growth_postgresql"]["variants"][f"launch, {int(size):,} dossiers"]
    launch = Launch(
        service_us=variant["cpu_us"]["median"],
        postgres_us=variant["stores_cpu_us"]["median"] - redis_us,
        redis_us=redis_us,
        redis_commands=growth["redis"]["commands"],
        spend_key_bytes=measured["redis"]["bytes_per_key"],
        spend_seconds=measured["redis"]["window_seconds"],
        journal_bytes=growth["journal"][size],
        spend_row_bytes=of_row(tables["spends"]),
        kept_bytes=of_row(tables["launches"]) + of_row(tables["identity_audit"]),
    )
    return launch, "over HTTP at 64 in flight (`make bench`)" if over_http else "in process (`make bench-growth`)"


def of_row(table: Results) -> float:
    """Return the bytes of one row of a table, with its share of the indexes."""
    return float(table["heap"] + table["indexes"]) / float(table["rows"])
