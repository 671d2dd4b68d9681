"""What the arithmetic starts from, out of the results of the measurements."""

from collections.abc import Mapping
from typing import Any

from benchmarks.scale.model import Launch

Results = Mapping[str, Any]


def launch_of(jobs: Results, growth: Results, measured: Results) -> tuple[Launch, str]:
    """Return what one launch costs, and which measurement its processor time is of.

    Redis: its commands at the price that they have in packets, as they come when there are many; one by one each costs
    it several times as much, and then it has the time.

    Over HTTP, where `make bench` has run; else as `make bench-growth` calls it, without a network. Raises KeyError
    where neither is there.
    """
    size = max(growth["tables"], key=int)
    tables, redis_us = growth["tables"][size], growth["redis"]["cpu_us"]
    over_http: Results | None = jobs.get("launch", {}).get("variants", {}).get("ours")
    variant = over_http or jobs["growth_postgresql"]["variants"][f"launch, {int(size):,} dossiers"]
    rows_alone = measured["postgresql"]["one by one"]["journal_bytes"]
    launch = Launch(
        service_us=variant["cpu_us"]["median"],
        postgres_us=variant["stores_cpu_us"]["median"] - redis_us,
        redis_us=growth["redis"]["commands"] * measured["redis"]["cpu_us_per_spend"],
        redis_commands=growth["redis"]["commands"],
        spend_key_bytes=measured["redis"]["bytes_per_key"],
        spend_seconds=measured["redis"]["window_seconds"],
        journal_bytes=rows_alone,
        first_touch_bytes=growth["journal"][size] - rows_alone,
        touched_bytes=sum(found["heap"] + found["indexes"] for found in tables.values()),
        spend_row_bytes=of_row(tables["spends"]),
        kept_bytes=of_row(tables["launches"]) + of_row(tables["identity_audit"]),
    )
    return launch, "over HTTP at 64 in flight (`make bench`)" if over_http else "in process (`make bench-growth`)"


def of_row(table: Results) -> float:
    """Return the bytes of one row of a table, with its share of the indexes."""
    return float(table["heap"] + table["indexes"]) / float(table["rows"])
