"""`python -m benchmarks [JOB...]`: measure, write `benchmarks/results/latest.json` and `docs/performance.md`.

Everything is started here and on loopback: the service, its database and Redis, the peers, and who asks them.
"""

import argparse
import sys
import time
import traceback
from contextlib import ExitStack

from benchmarks.harness import report
from benchmarks.harness.results import Job, load, save
from benchmarks.jobs import NAMES, Options, job
from benchmarks.stage import Stage


def main() -> None:
    """Measure the jobs that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    default = Options()
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"{', '.join(NAMES)}; all, if none is named")
    parser.add_argument("--rounds", type=int, default=default.rounds, help="rounds that count (default %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=default.seconds, help="of a variant in a round (default %(default)s)"
    )
    parser.add_argument(
        "--launches", type=int, default=default.launches, help="for the memory job (default %(default)s; goal 1000000)"
    )
    parser.add_argument("--no-report", action="store_true", help="print the rows, and write no file")
    given = parser.parse_args()
    unknown = set(given.jobs) - set(NAMES)
    if unknown:
        parser.error(f"no such job: {', '.join(sorted(unknown))}")
    options = Options(given.rounds, given.seconds, given.launches)
    with ExitStack() as closing:
        stage = Stage(closing)
        failed = [name for name in given.jobs or NAMES if not done(name, options, stage, kept=not given.no_report)]
    if failed:
        sys.exit(f"These failed, and have kept their last figures: {', '.join(failed)}")


def done(name: str, options: Options, stage: Stage, *, kept: bool) -> bool:
    """Run a job, show it, and keep it; return whether that went well, so that one that fails takes nothing with it."""
    began = time.monotonic()
    print(f"{name} …", flush=True)
    try:
        measured = job(name)(options, stage)
    except Exception:
        traceback.print_exc()
        return False
    show(measured, time.monotonic() - began)
    if kept:
        save([measured])
        report.write(load())
    return True


def show(measured: Job, seconds: float) -> None:
    """Print the rows of a job, and each variant's figure."""
    wired = measured.wire()
    for variant, figures in wired["variants"].items():
        said = "  ".join(f"{figure} {spread['median']:.4g}" for figure, spread in figures.items())
        print(f"  {variant:<45} {said}")
    for row in wired["rows"]:
        met = {True: "met", False: "NOT MET", None: ""}[row["met"]]
        around = f"({row['low']:.3g} to {row['high']:.3g})"
        print(f"  {row['what']:<70} {row['median']:.3g} {row['unit']} {around} {met}")
    print(f"  {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
