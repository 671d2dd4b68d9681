"""What was measured, as JSON: a job is its variants' rounds and the rows that are made of them.

The file holds the last run of each job. A job that was not run this time stays as it was, with its own date: so the
growth of the data, say, is measured apart (`make bench-growth`) and stands in the same table.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.figures import Rounds, Spread, of_one
from benchmarks.harness.processor import processor_name

RESULTS: Final = Path(__file__).parents[1] / "results" / "latest.json"
_PACKAGES: Final = ("starlette", "uvicorn", "pydantic", "joserfc", "cryptography", "sqlalchemy", "asyncpg", "redis")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what is compared, what it shall be, and what it is. Without bounds it is for information."""

    what: str
    spread: Spread
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""

    def wire(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        bounds = {"at_most": self.at_most, "at_least": self.at_least}
        met = self.spread.inside(self.at_most, self.at_least) if any(bounds.values()) else None
        return {"what": self.what, **self.spread.wire(), "unit": self.unit, **bounds, "met": met}


@dataclass(slots=True)
class Job:
    """What one job showed. `figure` is the one that the chart shows; `notes` are sentences for its reader."""

    name: str
    title: str
    figure: str
    rounds: Rounds
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def wire(self) -> dict[str, Any]:
        """Return it as JSON has it: of each variant the spread of each figure."""
        return {
            "title": self.title,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine() | self.versions,
            "figure": self.figure,
            "variants": {name: _spreads(self.rounds, name) for name in self.rounds},
            "rows": [row.wire() for row in self.rows],
            "notes": self.notes,
        }


def machine() -> dict[str, str]:
    """Return what the figures were made with: processor, system, and the versions of what does the work."""
    made_with = {
        "processor": f"{processor_name()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }
    return made_with | {name: versioned(name) for name in _PACKAGES}


def versioned(package: str) -> str:
    """Return which version of a package is installed; "absent" if none is."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def save(jobs: Sequence[Job], file: Path = RESULTS) -> dict[str, Any]:
    """Put these jobs in the place of their last run; return all that the file has now."""
    kept: dict[str, Any] = load(file)
    kept |= {job.name: job.wire() for job in jobs}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept, indent=1) + "\n")
    return kept


def load(file: Path = RESULTS) -> dict[str, Any]:
    """Return the last run of each job, by its name."""
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def _spreads(rounds: Rounds, variant: str) -> dict[str, Any]:
    figures = rounds[variant][0] if rounds[variant] else {}
    return {figure: of_one(rounds, figure, variant).wire() for figure in figures}
