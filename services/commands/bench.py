"""`sso bench`: how fast this machine does what the service does most."""

import statistics
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path
from typing import Annotated, Final

import typer
import uvloop

from common.settings import Settings
from services.bench.operations import AT_ONCE, Taken, operations, timed
from services.bench.service import open_measured, stores
from services.logs import configure_logs

_ROUNDS: Final = 7
_FIRST: Final = 20

Seconds = Annotated[float, typer.Option(min=0.01, max=60.0, help="How long each round of each operation lasts.")]


def bench(seconds: Seconds = 0.5) -> None:
    """Measure verification, launch, permission and access token here, on SQLite and a Valkey of its own.

    In one process and without a web server; nothing of your installation is used or changed.
    """
    with tempfile.TemporaryDirectory(prefix="sso-bench-") as name:
        folder = Path(name)
        with (folder / "log").open("w") as log:
            with redirect_stderr(log):
                configure_logs()  # lines are written as in production, into a file
            with stores(folder) as settings:
                taken = uvloop.run(_measured(settings, seconds))
    typer.echo(
        f"{'':<14}{'processor time, median':>24}{'per second, median':>20}   {AT_ONCE} at once, {_ROUNDS} rounds"
    )
    for name, rounds in taken.items():
        cpu = statistics.median(one.cpu_seconds for one in rounds)
        rate = statistics.median(one.per_second for one in rounds)
        typer.echo(f"{name:<14}{cpu * 1e6:>21,.0f} µs{rate:>20,.0f}")


async def _measured(settings: Settings, seconds: float) -> dict[str, list[Taken]]:
    async with open_measured(settings) as service:
        all_of_them = operations(service)
        rates = {name: (await timed(operation, _FIRST)).per_second for name, operation in all_of_them.items()}
        taken: dict[str, list[Taken]] = {name: [] for name in all_of_them}
        for number in range(_ROUNDS):
            _say(number)
            for name, operation in all_of_them.items():
                taken[name].append(await timed(operation, max(_FIRST, int(rates[name] * seconds))))
        return taken


def _say(number: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\rround {number + 1} of {_ROUNDS}", err=True, nl=number + 1 == _ROUNDS)
