"""The command `sso`."""

import os
import sys
from typing import Annotated

import typer

from common.errors import SettingsError
from common.settings import read_settings
from services.demo.app import run_demo
from services.logs import configure_logs

app = typer.Typer(
    help="Single sign-on in patient context for Dutch healthcare.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
serve = typer.Typer(help="Serve a composition.", no_args_is_help=True)
app.add_typer(serve, name="serve")


@serve.command()
def demo(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080,
) -> None:
    """Serve everything in one process, with a simulated EHR, on data in var/."""
    configure_logs()
    settings, unknown = read_settings(os.environ)
    for name in unknown:
        typer.echo(f"Warning: {name} is no setting of this service.", err=True)
    run_demo(settings, host, port)


@app.callback()
def _root() -> None:
    """Keep `serve` a command of its own."""


def main() -> None:
    """Run the command; settings that cannot work end in one sentence and exit code 2."""
    try:
        app()
    except SettingsError as error:
        typer.echo(f"sso: {error}", err=True)
        sys.exit(2)
