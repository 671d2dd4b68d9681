"""`sso config`: what the settings are, and whether production could start with them."""

import re

import typer

from common.clock import wall_clock
from common.settings_source import Place, flattened
from schemas.base import Rules
from services.commands.given import Config, read_given, settings_of
from services.ground import open_ground
from services.required import complete

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.command()
def check(config: Config = None) -> None:
    """Check that `sso serve all` has every setting and file that it needs; connects to nothing."""
    open_ground(complete(settings_of(config)), wall_clock, Rules())
    typer.echo("Nothing is missing, and every file can be read.")


@app.command()
def show(config: Config = None) -> None:
    """Show every setting and where it comes from; the passwords in URLs are masked."""
    given = read_given(config)
    for place, value in flattened(given.settings.model_dump()):
        typer.echo(f"{'.'.join(place)} = {_shown(place, value)}  ({given.sources.get(place, 'default')})")


def _shown(place: Place, value: object) -> str:
    if value is None:
        return "not set"
    return _masked(str(value)) if place[-1].endswith("url") else str(value)


def _masked(url: str) -> str:
    """Return a URL without its password: whatever lies between the user's name and the last @."""
    return re.sub(r"(://[^:@/]*):.*@", r"\1:***@", url)
