"""`sso bench`: how fast this machine does what the service does most."""

from typing import Annotated

import typer

Seconds = Annotated[float, typer.Option(min=0.01, max=60.0, help="How long each round of each operation lasts.")]


def bench(seconds: Seconds = 0.5) -> None:
    """Measure verification, launch, permission and access token here, on SQLite and a Valkey of its own.

    In one process and without a web server; nothing of your installation is used or changed.
    """
    from services.bench.run import measure  # noqa: PLC0415 - it loads Alembic, which no other command shall wait for

    for line in measure(seconds):
        typer.echo(line)
