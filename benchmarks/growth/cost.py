"""What requests take on the small and on the large database, in turn."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.growth.service import KINDS, Service
from benchmarks.harness.figures import Rounds, Sample, percentile, ratio
from benchmarks.harness.processor import cpu_seconds
from benchmarks.harness.results import Row
from benchmarks.harness.rounds import Variant, interleave

COUNTS: Final = {
    "launch": 60,
    "permission": 120,
    "permissions of 100": 12,
    "list of dossiers": 20,
    "search in groups": 20,
}
"""How many of each kind there are in a round."""

BOUND: Final = 1.3
BOUNDED: Final = ("launch", "permission")


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of request on one database; `stores` are the processes of PostgreSQL and Redis."""

    runner: asyncio.Runner
    service: Service
    kind: str
    stores: Sequence[int]

    def __call__(self) -> Sample:
        """Send a round, one after the other."""
        requests = KINDS[self.kind](self.service, COUNTS[self.kind])
        latencies: list[float] = []

        async def send() -> None:
            for request in requests:
                began = time.perf_counter()
                await self.service.ask(request)
                latencies.append(time.perf_counter() - began)

        own, others = time.process_time(), sum(map(cpu_seconds, self.stores))
        self.runner.run(send())
        own, others = time.process_time() - own, sum(map(cpu_seconds, self.stores)) - others
        each = 1e6 / len(requests)
        p50 = percentile(sorted(latencies), 0.5) * 1000
        return {
            "cpu_us": own * each, "stores_cpu_us": others * each, "all_cpu_us": (own + others) * each, "p50_ms": p50
        }  # fmt: skip


def compare(
    runner: asyncio.Runner, services: Mapping[int, Service], stores: Sequence[int], rounds: int
) -> tuple[Rounds, list[Row]]:
    """Return the rounds of each kind of request at each size, and the rows of the large size over the small one."""
    measured = partial(Measured, runner, stores=stores)
    variants: dict[str, Variant] = {
        name(kind, size): measured(service, kind) for kind in KINDS for size, service in services.items()
    }
    found = interleave(variants, rounds)
    return found, list(_rows(found, *services))


def name(kind: str, size: int) -> str:
    """Return what a variant is called."""
    return f"{kind}, {size:,} dossiers"


def _rows(found: Rounds, small: int, large: int) -> Sequence[Row]:
    rows = []
    for kind in KINDS:
        bound = BOUND if kind in BOUNDED else None
        over = partial(ratio, found, above=name(kind, large), below=name(kind, small))
        sizes = f"{large:,} dossiers / {small:,}"
        rows.append(Row(f"{kind}, {sizes}, CPU of service and stores", over("all_cpu_us"), at_most=bound))
        rows.append(Row(f"{kind}, {sizes}, p50", over("p50_ms"), at_most=bound))
    return rows
