"""`make scale`: measure what Redis and PostgreSQL carry alone, and write the made part of `docs/scale.md`.

What a launch costs comes from `make bench` and `make bench-growth`, as far as their results are there.
"""

import argparse
import json
from typing import Any, Final

from benchmarks.harness.results import RESULTS, load, machine
from benchmarks.scale import page
from benchmarks.scale.given import launch_of

MEASURED: Final = RESULTS.with_name("scale.json")
GROWTH: Final = RESULTS.with_name("growth.json")


def main() -> None:
    """Measure unless told not to, and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--kept", action="store_true", help="take the figures of the last time, and measure nothing")
    given = parser.parse_args()
    if not given.kept:
        _measure()
    measured, growth = (json.loads(file.read_text()) for file in (MEASURED, GROWTH))
    launch, source = launch_of(load(), growth["postgresql"], measured)
    page.write(page.made(launch, source, measured, growth["postgresql"]))
    print(f"docs/scale.md is written; a launch: {launch}")


def _measure() -> None:
    from benchmarks.scale import postgres, valkey  # noqa: PLC0415 - they start servers; arithmetic alone needs none

    measured: dict[str, Any] = {"redis": valkey.measure(), "postgresql": postgres.measure(), "machine": machine()}
    MEASURED.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
