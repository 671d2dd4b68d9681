"""The made part of `docs/scale.md`, between two marks; what stands round it people wrote."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.scale.model import BUSY, CORES, JOURNAL_BYTES, RATES, Launch, first_bottleneck, kept, needs, readable

PAGE: Final = Path(__file__).parents[2] / "docs" / "scale.md"
BEGIN: Final = "<!-- made by `make scale`; do not edit from here -->"
END: Final = "<!-- made by `make scale`; do not edit to here -->"


def write(text: str, page: Path = PAGE) -> None:
    """Write the made part anew. Raises ValueError if the page has lost its marks."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has lost the marks round its made part")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def made(launch: Launch, source: str, measured: Mapping[str, Any], growth: Mapping[str, Any]) -> str:
    """Return the tables: what was measured, what one carries, what each rate needs, and the rows that grow."""
    parts = (_measured(launch, source), _alone(measured), _needs(launch), _kept(launch), _tables(growth))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _measured(launch: Launch, source: str) -> Iterator[str]:
    yield "### What one launch costs, measured"
    yield ""
    yield f"Processor time {source}, of one launch at a time where it is of a store."
    yield ""
    yield "| part | cost |"
    yield "|---|---|"
    yield f"| a process of the service | {launch.service_us:,.0f} µs of processor |"
    yield f"| PostgreSQL | {launch.postgres_us:,.0f} µs of processor, {launch.journal_bytes:,.0f} bytes of journal |"
    whole = f"{launch.first_touch_bytes:,.0f} bytes, until all {readable(launch.touched_bytes)} are written once"
    yield f"| and right after a checkpoint, for whole pages | {whole} |"
    yield f"| Redis | {launch.redis_commands:.1f} commands, {launch.redis_us:,.0f} µs of processor |"
    yield f"| a spend in Redis | {launch.spend_key_bytes:.0f} bytes for {launch.spend_seconds:.0f} seconds |"
    yield f"| a spend row in PostgreSQL | {launch.spend_row_bytes:.0f} bytes for a day |"
    yield f"| what stays (launch and event, with indexes) | {launch.kept_bytes:,.0f} bytes |"


def _alone(measured: Mapping[str, Any]) -> Iterator[str]:
    redis, machine = measured["redis"], measured["machine"]
    yield "### What the stores carry alone, simulated on one machine"
    yield ""
    yield f"On {machine['processor']}, shared with whoever asks."
    yield ""
    yield "| what | a second | processor time of each | 10,000 a second |"
    yield "|---|---|---|---|"
    rate, each = redis["spends_per_second"], f"{redis['cpu_us_per_spend']:.1f} µs"
    yield f"| spends in Redis, 64 in a packet | {rate:,.0f} | {each} | {_reached(rate)} |"
    for how, found in measured["postgresql"].items():
        row = f"{found['per_second']:,.0f} | {found['cpu_us']:,.0f} µs | {_reached(found['per_second'])}"
        yield f"| the rows of a launch in PostgreSQL, {how} | {row} |"


def _needs(launch: Launch) -> Iterator[str]:
    yield "### What each rate needs"
    yield ""
    yield (
        f"Each part is asked for {BUSY:.0%} of what it can at most. A database server has {CORES} cores and writes "
        f"{JOURNAL_BYTES / 1e6:.0f} MB of journal a second."
    )
    yield ""
    yield f"| part | one carries, launches a second | {' | '.join(f'{rate:,} a second' for rate in RATES)} |"
    yield "|---|---" + "|---" * len(RATES) + "|"
    rows = zip(*(needs(launch, rate) for rate in RATES), strict=True)
    for row in rows:
        cells = (f"{_plain(need.amount)} {need.unit}; {need.what}: {need.count:,}" for need in row)
        yield f"| {row[0].part} | {row[0].one_carries:,.0f} | {' | '.join(cells)} |"
    yield ""
    bottleneck = first_bottleneck(needs(launch, RATES[0]))
    yield f"Of what keeps state, the first of which one is not enough: **{bottleneck}**."


def _kept(launch: Launch) -> Iterator[str]:
    yield "### What each rate leaves behind"
    yield ""
    yield f"| what | {' | '.join(f'{rate:,} a second' for rate in RATES)} |"
    yield "|---" + "|---" * len(RATES) + "|"
    found = [kept(launch, rate) for rate in RATES]
    names = {
        "spend_keys": "spends in Redis, at any time",
        "spend_rows": "spend rows, at any time",
        "a_day": "launches and events, a day",
        "a_year": "launches and events, a year without a pause",
    }
    for name, what in names.items():
        yield f"| {what} | {' | '.join(readable(getattr(one, name)) for one in found)} |"


def _tables(growth: Mapping[str, Any]) -> Iterator[str]:
    size = max(growth["tables"], key=int)
    yield f"### The tables at {int(size):,} dossiers"
    yield ""
    yield "| table | rows | bytes of a row | and of its indexes |"
    yield "|---|---|---|---|"
    for table, found in growth["tables"][size].items():
        if found["rows"] >= 1_000:  # noqa: PLR2004 - of fewer the figures say nothing
            of_rows = f"{found['heap'] / found['rows']:.0f} | {found['indexes'] / found['rows']:.0f}"
            yield f"| `{table}` | {found['rows']:,} | {of_rows} |"


def _plain(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"  # noqa: PLR2004 - of more the fractions say nothing


def _reached(per_second: float) -> str:
    return "yes" if per_second >= 10_000 else "no"  # noqa: PLR2004 - the rate of the column
