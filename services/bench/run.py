"""All operations in turn, on a service that is there for the moment."""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Final

import uvloop

from common.settings import Settings
from services.bench.operations import AT_ONCE, Taken, operations, timed
from services.bench.service import open_measured, stores
from services.logs import configure_logs

_ROUNDS: Final = 7
_FIRST: Final = 8


def measure(seconds: float) -> Iterator[str]:
    """Give lines for people, after `_ROUNDS` rounds of so many seconds of each operation. Raises SettingsError."""
    with tempfile.TemporaryDirectory(prefix="sso-bench-") as name, (Path(name) / "log").open("w") as log:
        with redirect_stderr(log):
            configure_logs()  # lines are written as in production, into a file
        with stores(Path(name)) as settings:
            taken = uvloop.run(_measured(settings, seconds))
    yield f"Medians of {_ROUNDS} rounds, {AT_ONCE} at once{'processor time':>18}{'per second':>14}"
    for operation, rounds in taken.items():
        cpu = statistics.median(one.cpu_seconds for one in rounds)
        rate = statistics.median(one.per_second for one in rounds)
        yield f"{operation:<36}{cpu * 1e6:>10,.0f} µs{rate:>14,.0f}"


async def _measured(settings: Settings, seconds: float) -> dict[str, list[Taken]]:
    async with open_measured(settings) as service:
        every = operations(service)
        rates = {name: (await timed(operation, _FIRST)).per_second for name, operation in every.items()}
        taken: dict[str, list[Taken]] = {name: [] for name in every}
        for _ in range(_ROUNDS):
            for name, operation in every.items():
                taken[name].append(await timed(operation, max(_FIRST, int(rates[name] * seconds))))
        return taken
