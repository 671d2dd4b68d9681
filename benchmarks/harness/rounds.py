"""Variants in turn: each round runs all of them, and each round begins with another one."""

import gc
import sys
import time
from collections.abc import Callable, Mapping

from benchmarks.harness.figures import Rounds, Sample

Variant = Callable[[], Sample]
"""Runs one round of a variant and says what it showed."""


def interleave(variants: Mapping[str, Variant], rounds: int) -> Rounds:
    """Return the samples of `rounds` rounds, after one that is not counted.

    Whoever comes second has warm caches and a hot processor; so the first place goes round.
    """
    names = list(variants)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(-1, rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            gc.collect()
            sample = variants[name]()
            if number >= 0:
                samples[name].append(sample)
        _say(number, rounds)
    return samples


def repeat(count: int, work: Callable[[], object]) -> Sample:
    """Run `work`, which does something `count` times, with the collector of garbage off; return what one took.

    `cpu_us`: microseconds of processor time of this process; `per_second`: how many, by the clock on the wall.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        began, cpu = time.perf_counter(), time.process_time()
        work()
        cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    finally:
        if collected:
            gc.enable()
    return {"cpu_us": cpu / count * 1e6, "per_second": count / seconds}


def _say(number: int, rounds: int) -> None:
    if sys.stderr.isatty():
        print(f"\r  round {max(0, number + 1)} of {rounds} ", end="", file=sys.stderr, flush=True)
        if number + 1 == rounds:
            print(file=sys.stderr)
