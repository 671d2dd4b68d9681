"""From the command to the first answer: the demo, on data that are there, on SQLite and its own Valkey."""

import time
from typing import Final

from benchmarks.harness.figures import Sample, of_one
from benchmarks.harness.processor import cpu_seconds
from benchmarks.harness.results import Job, Row
from benchmarks.jobs import Options
from benchmarks.stage import Stage
from tests.support.demo_server import DemoServer

SECOND: Final = "second start"
_STARTS: Final = 5


def run(options: Options, _stage: Stage) -> Job:
    """Measure."""
    samples: list[Sample] = []
    with DemoServer() as demo:  # the first start, which makes the data
        for _ in range(min(_STARTS, options.rounds)):
            demo.stop()
            began = time.perf_counter()
            demo.start()
            seconds = time.perf_counter() - began
            samples.append({"seconds": seconds, "cpu_us": cpu_seconds(demo.pid) * 1e6})
    rounds = {SECOND: samples}
    rows = [Row("start to ready, second start, SQLite demo", of_one(rounds, "seconds", SECOND), at_most=2.0, unit="s")]
    note = "By the clock on the wall, until `/readyz` says so; the processor time is of the service and its Valkey."
    return Job("start", "Starting", "seconds", rounds, rows, [note])
