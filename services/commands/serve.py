"""`sso serve`: serve a composition."""

from pathlib import Path
from typing import Annotated

import typer

from services.all import open_all
from services.apart import SERVED
from services.commands.given import Config, settings_of
from services.logs import configure_logs
from services.server import Compose, Composition, bind
from services.workers import run

app = typer.Typer(help="Serve everything, or one service of those that run apart.", no_args_is_help=True)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
Workers = Annotated[int, typer.Option(min=1, max=256, help="Processes that share the work.")]


@app.command("all")
def serve_all(host: Host = "127.0.0.1", port: Port = 8080, workers: Workers = 1, config: Config = None) -> None:
    """Serve all of it at one address, in production."""
    _serve(open_all, host, port, workers, config)


@app.command()
def identity(host: Host = "127.0.0.1", port: Port = 8080, workers: Workers = 1, config: Config = None) -> None:
    """Serve companies, keys, tokens, launches and their pages."""
    _serve(SERVED["identity"][0], host, port, workers, config)


@app.command()
def pseudoniem(host: Host = "127.0.0.1", port: Port = 8080, workers: Workers = 1, config: Config = None) -> None:
    """Serve pseudoniemen, to our own services alone."""
    _serve(SERVED["pseudoniem"][0], host, port, workers, config)


@app.command()
def dossier(host: Host = "127.0.0.1", port: Port = 8080, workers: Workers = 1, config: Config = None) -> None:
    """Serve dossiers and permissions."""
    _serve(SERVED["dossier"][0], host, port, workers, config)


@app.command()
def website(host: Host = "127.0.0.1", port: Port = 8080, workers: Workers = 1, config: Config = None) -> None:
    """Serve the patient's site, the pages about errors, and the description of the API."""
    _serve(SERVED["website"][0], host, port, workers, config)


@app.command()
def demo(host: Host = "127.0.0.1", port: Port = 8080, workers: Workers = 1, config: Config = None) -> None:
    """Serve all of it with a simulated EHR, on data in var/."""
    from services.demo.app import run_demo  # noqa: PLC0415 - so that production never loads it

    configure_logs()
    run_demo(settings_of(config), host, port, workers)


def _serve(compose: Compose, host: str, port: int, workers: int, config: Path | None) -> None:
    configure_logs()
    settings = settings_of(config)
    with bind(host, port) as listener:
        run(Composition(compose, settings), listener, workers)
