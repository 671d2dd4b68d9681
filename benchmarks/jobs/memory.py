"""How much memory a worker holds while it launches, and whether it grows.

A million launches, which the goal is about, take half an hour on two processors, so the default is a shorter run that
says how long it was. All of them, beside which the shorter one keeps its own figures:
`make bench ARGS="memory --launches 1000000"`.
"""

from typing import Final

from benchmarks.harness.figures import Sample, spread
from benchmarks.harness.load import drive
from benchmarks.harness.processor import resident_bytes
from benchmarks.harness.results import Job, Row
from benchmarks.jobs import Options
from benchmarks.stage import Stage

STEPS: Final = 20
WORKER: Final = "one worker, while it launches"
_GOAL: Final = 1_000_000
_MEGABYTE: Final = 1_000_000


def run(options: Options, stage: Stage) -> Job:
    """Measure."""
    worker = stage.world.another(1).start()  # one that has done nothing before
    step = max(1, options.launches // STEPS)
    try:
        samples: list[Sample] = [{"megabytes": resident_bytes(worker.pid) / _MEGABYTE}]
        for _ in range(STEPS):
            drive(worker.port, stage.world.launches(step), options.in_flight, (200, 303))
            samples.append({"megabytes": resident_bytes(worker.pid) / _MEGABYTE})
    finally:
        worker.close()
    held = [sample["megabytes"] for sample in samples]
    launched = f"{step * STEPS:,} launches"
    rows = [
        Row(f"resident memory of a worker after {launched}", spread(held[-1:]), at_most=150.0, unit="MB"),
        Row(
            f"its growth over the last half of {launched}",
            spread([held[-1] - held[STEPS // 2]]),
            at_most=2.0,
            unit="MB",
        ),
    ]
    course = ", ".join(f"{megabytes:.0f}" for megabytes in held)
    name, title = ("memory_whole", "Memory, all launches") if options.launches >= _GOAL else ("memory", "Memory")
    notes = [f"Megabytes before the first launch and after each {step:,}: {course}."]
    return Job(name, title, "megabytes", {WORKER: samples}, rows, notes)
