"""`sso config`: what the settings are, and whether production could start with them."""

import re
from enum import StrEnum
from typing import Annotated

import typer

from common.key_files import read_key
from common.settings_source import Place, flattened
from services import apart
from services.all import NEEDS as ALL_NEEDS
from services.commands.given import Config, read_given, settings_of
from services.databases import open_databases, urls_of
from services.redis_client import open_redis
from services.required import DIGEST_KEY, REDIS, SEALING_KEY, require
from services.whole import require_different
from services.wiring import service_secrets


class Served(StrEnum):
    """What can be served in production."""

    ALL = "all"
    IDENTITY = "identity"
    PSEUDONIEM = "pseudoniem"
    DOSSIER = "dossier"
    WEBSITE = "website"


_NEEDS = {
    Served.ALL: ALL_NEEDS,
    Served.IDENTITY: apart.IDENTITY_NEEDS,
    Served.PSEUDONIEM: apart.PSEUDONIEM_NEEDS,
    Served.DOSSIER: apart.DOSSIER_NEEDS,
    Served.WEBSITE: apart.WEBSITE_NEEDS,
}
Service = Annotated[Served, typer.Argument(help="What is to be served.")]

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.command()
def check(service: Service = Served.ALL, config: Config = None) -> None:
    """Check that `sso serve all`, or another service, has every setting and file that it needs; connects to nothing."""
    settings = settings_of(config)
    require(settings, *_NEEDS[service])
    keys = [need.of(settings) for need in (SEALING_KEY, DIGEST_KEY) if need in _NEEDS[service]]
    require_different([read_key(file) for file in keys])
    service_secrets(settings)
    open_databases(urls_of(settings.database))
    open_redis(REDIS.of(settings))
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
