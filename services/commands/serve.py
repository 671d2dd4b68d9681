"""`sso serve`: serve a composition."""

from typing import Annotated

import typer

from services.all import run_all
from services.commands.given import Config, settings_of
from services.logs import configure_logs

app = typer.Typer(help="Serve a composition.", no_args_is_help=True)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]


@app.command("all")
def serve_all(host: Host = "127.0.0.1", port: Port = 8080, config: Config = None) -> None:
    """Serve everything in one process, in production."""
    configure_logs()
    run_all(settings_of(config), host, port)


@app.command()
def demo(host: Host = "127.0.0.1", port: Port = 8080, config: Config = None) -> None:
    """Serve everything in one process, with a simulated EHR, on data in var/."""
    from services.demo.app import run_demo  # noqa: PLC0415 - so that production never loads it

    configure_logs()
    run_demo(settings_of(config), host, port)
