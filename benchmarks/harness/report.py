"""`docs/performance.md`: the made part between two marks, and whatever people wrote round it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN: Final = "<!-- made by `make bench`; do not edit from here -->"
END: Final = "<!-- made by `make bench`; do not edit to here -->"
_BAR: Final = 40
"""Characters of the longest bar of a chart."""

_FIGURES: Final = {
    "cpu_us": ("processor time of the server, µs", ".1f"),
    "stores_cpu_us": ("processor time of database and Redis, µs", ".1f"),
    "all_cpu_us": ("processor time of all, µs", ",.0f"),
    "per_second": ("per second", ",.0f"),
    "p50_ms": ("p50, ms", ".1f"),
    "p99_ms": ("p99, ms", ".1f"),
    "megabytes": ("resident, MB", ".0f"),
    "seconds": ("seconds", ".2f"),
}
"""What the figures of a variant are called, and how they are written; others go by their own name."""


def write(jobs: Mapping[str, Any], page: Path = PAGE) -> None:
    """Write the made part anew. Raises ValueError if the page has lost its marks."""
    text = page.read_text() if page.exists() else f"# How fast it is\n\n{BEGIN}\n{END}\n"
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has lost the marks round its made part")
    page.write_text(f"{before}{BEGIN}\n\n{made(jobs)}\n{END}{after}")


def made(jobs: Mapping[str, Any]) -> str:
    """Return the table of all goals, and a section for each job."""
    lines = ["## Goals", "", *_goals(jobs)]
    for name, job in jobs.items():
        lines += ["", f"## {job['title']}", "", *_variants(job), "", *_chart(job)]
        lines += ["", *(f"- {note}" for note in job["notes"])] if job["notes"] else []
        lines += ["", _made_with(name, job)]
    return "\n".join(lines) + "\n"


def _goals(jobs: Mapping[str, Any]) -> Iterator[str]:
    yield "| what | goal | median | half of the rounds | met |"
    yield "|---|---|---|---|---|"
    for job in jobs.values():
        for row in job["rows"]:
            around = f"{_plain(row['low'])} to {_plain(row['high'])}"
            met = {True: "yes", False: "**no**", None: ""}[row["met"]]
            median = f"{_plain(row['median'])} {row['unit']}".strip()
            yield f"| {row['what']} | {_goal(row)} | {median} | {around} | {met} |"


def _goal(row: Mapping[str, Any]) -> str:
    bounds = [f"≥ {row['at_least']:g}"] if row["at_least"] is not None else []
    bounds += [f"≤ {row['at_most']:g}"] if row["at_most"] is not None else []
    return " and ".join(bounds)


def _variants(job: Mapping[str, Any]) -> Iterator[str]:
    figures = list(dict.fromkeys(figure for measured in job["variants"].values() for figure in measured))
    heads = [_FIGURES.get(figure, (figure, ".3g"))[0] for figure in figures]
    yield f"| variant | {' | '.join(heads)} |"
    yield "|---" * (len(figures) + 1) + "|"
    for name, measured in job["variants"].items():
        cells = (_cell(figure, measured.get(figure)) for figure in figures)
        yield f"| {name} | {' | '.join(cells)} |"


def _cell(figure: str, spread: Mapping[str, float] | None) -> str:
    if spread is None:
        return ""
    form = _FIGURES.get(figure, (figure, ".3g"))[1]
    return f"{spread['median']:{form}} ({spread['low']:{form}} to {spread['high']:{form}})"


def _chart(job: Mapping[str, Any]) -> Iterator[str]:
    figure = job["figure"]
    name, form = _FIGURES.get(figure, (figure, ".3g"))
    medians = {variant: spreads[figure]["median"] for variant, spreads in job["variants"].items() if figure in spreads}
    if not medians:
        return
    widest, longest = max(map(len, medians)), max(medians.values()) or 1.0
    yield "```text"
    yield f"{name}"
    for variant, median in sorted(medians.items(), key=lambda item: item[1]):
        bar = "█" * max(1, round(median / longest * _BAR))
        yield f"{variant:<{widest}}  {bar} {median:{form}}"
    yield "```"


def _made_with(name: str, job: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{what} {which}" for what, which in job["machine"].items() if what != "processor")
    return f"`{name}` on {job['made_at']}, {job['machine']['processor']}; {versions}."


def _plain(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - three digits, or all of them
