"""`make bench-growth`: launch and permission with many dossiers against few, on PostgreSQL or on SQLite.

Two databases are filled, the service is opened on both in this process, and asked in turn; the plans of all that it
runs are looked at before. Ends with exit code 1 where a plan is not as it shall be. Everything is gone afterwards.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from benchmarks.__main__ import show
from benchmarks.growth import notes
from benchmarks.growth.runs import Outcome, Sizes, on_postgresql, on_sqlite
from benchmarks.harness import report
from benchmarks.harness.results import Job, load, save

DETAILS: Final = Path(__file__).parents[1] / "results" / "growth.json"
DATABASES: Final = {"postgresql": (10_000_000, on_postgresql), "sqlite": (1_000_000, on_sqlite)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="postgresql")
    parser.add_argument("--dossiers", type=int, help="at the large size (default 10000000, on SQLite 1000000)")
    parser.add_argument("--small", type=int, default=10_000, help="at the small size (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds that count (default %(default)s)")
    parser.add_argument("--no-report", action="store_true", help="print the rows, and write no file")
    given = parser.parse_args()
    usual, run = DATABASES[given.database]
    outcome = run(Sizes(given.small, given.dossiers or usual), given.rounds)
    job = _job(given.database, outcome)
    show(job, sum(outcome.seconds.values()))
    for sentence in outcome.faults:
        print(f"  FAULT {sentence}")
    if not given.no_report:
        _keep(given.database, outcome.details)
        save([job])
        report.write(load())
    raise SystemExit(1 if outcome.faults else 0)


def _job(database: str, outcome: Outcome) -> Job:
    name = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[database]
    job = Job(f"growth_{database}", f"Growth on {name}", "all_cpu_us", outcome.rounds, outcome.rows)
    job.notes = [*notes.of_run(outcome.sizes.large, outcome.seconds), *outcome.notes]
    job.notes += [f"Fault: {sentence}" for sentence in outcome.faults]
    return job


def _keep(database: str, details: dict[str, Any]) -> None:
    kept: dict[str, Any] = json.loads(DETAILS.read_text()) if DETAILS.exists() else {}
    DETAILS.write_text(json.dumps(kept | {database: details}, indent=1) + "\n")


if __name__ == "__main__":
    main()
