"""A round of requests to a server: how many a second, how long each, and how much of the processor it took."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from benchmarks.harness.figures import Sample, percentile
from benchmarks.harness.load import Load, drive
from benchmarks.harness.processor import cpu_seconds

_LEAST = 4
_BUSY = 0.1
"""How many 503 for each answer a round may have; more is no measurement."""


@dataclass(slots=True)
class Asked:
    """A variant that answers requests: `make` gives so many of them, each to be sent once.

    `pid` is the server's process, `stores` those of the database and of Redis, which the variants share in turn.
    """

    port: int
    pid: int
    make: Callable[[int], Sequence[bytes]]
    stores: Sequence[int]
    seconds: float
    in_flight: int
    expected: Collection[int] = (200,)
    first: int = 200
    """Requests of the first round, which is not counted and says how fast the server is."""

    answered: int = 0
    unavailable: int = 0
    _per_second: float = field(default=0.0, repr=False)

    def __call__(self) -> Sample:
        """Run one round of about `seconds`."""
        least = _LEAST * self.in_flight  # so that the end, when few are left, is a small part
        count = max(least, int(self._per_second * self.seconds)) if self._per_second else self.first
        requests = self.make(count)
        own, others = cpu_seconds(self.pid), self._of_stores()
        load = drive(self.port, requests, self.in_flight, self.expected)
        own, others = cpu_seconds(self.pid) - own, self._of_stores() - others
        answers = len(load.latencies)
        self.answered, self.unavailable = self.answered + answers, self.unavailable + load.unavailable
        if answers * _BUSY < load.unavailable:
            raise RuntimeError(f"{load.unavailable} of {count} requests were answered by 503: this machine is too busy")
        self._per_second = answers / load.seconds
        return {**figures(load), "cpu_us": own / answers * 1e6, "stores_cpu_us": others / answers * 1e6}

    def _of_stores(self) -> float:
        return sum(map(cpu_seconds, self.stores))


def require_kept(kept: int, *answers: tuple[Asked, int]) -> None:
    """Raise RuntimeError unless so many rows as there should be have been kept, by `answers` of so many rows each.

    What was answered by 503 may have left its rows or not.
    """
    least = sum(asked.answered * each for asked, each in answers)
    most = least + sum(asked.unavailable * each for asked, each in answers)
    if not least <= kept <= most:
        raise RuntimeError(f"{kept} rows were kept, and it should be {least}")


def figures(load: Load) -> dict[str, float]:
    """Return the rate, and the latencies in milliseconds."""
    p50, p99 = (percentile(load.latencies, share) * 1000 for share in (0.5, 0.99))
    return {"per_second": len(load.latencies) / load.seconds, "p50_ms": p50, "p99_ms": p99, "p99_p50": p99 / p50}
