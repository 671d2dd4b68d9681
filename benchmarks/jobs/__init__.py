"""What is measured: a file for each job, with its variants and the goals that they are held against.

A job is a function from options and a stage to a `Job`. `NAMES` is the order of the run and of the report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from benchmarks.harness.results import Job
from benchmarks.stage import Stage

NAMES: Final = (
    "verification",
    "launch",
    "permission",
    "batch",
    "token",
    "introspection",
    "middleware",
    "workers",
    "memory",
    "start",
)


@dataclass(frozen=True, slots=True)
class Options:
    """How long to measure: so many rounds, each of about so many seconds for each variant.

    `launches`: how many the memory job makes; `in_flight`: how many requests wait for their answer at a time.
    """

    rounds: int = 15
    seconds: float = 1.0
    launches: int = 20_000
    in_flight: int = 64


def job(name: str) -> Callable[[Options, Stage], Job]:
    """Return the job of this name; what it needs is not loaded before. Raises ModuleNotFoundError for another name."""
    run: Callable[[Options, Stage], Job] = import_module(f"benchmarks.jobs.{name}").run
    return run
