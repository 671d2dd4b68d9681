"""`sso config`: what the settings are, and whether production could start with them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import typer

from common.key_files import read_key
from common.settings import Settings
from common.settings_source import Place, flattened
from services.all import NEEDS
from services.apart import SERVED
from services.commands.given import Config, read_given, settings_of
from services.databases import open_databases, urls_of
from services.openid.wiring import credential_of, require_https
from services.own_services import read_own_credential, read_own_services
from services.redis_client import open_redis
from services.required import (
    DIGEST_KEY,
    REDIS,
    SEALING_KEY,
    Need,
    own_credential,
    require,
    sign_in_needs,
    website_sign_in_needs,
)
from services.whole import require_different
from services.wiring import rotation_of, sealing_keys

_NEEDS: Final = {"all": NEEDS} | {name: needs for name, (_, needs) in SERVED.items()}
_SIGN_IN: Final[Mapping[str, Callable[[Settings], Sequence[Need[Any]]]]] = {
    "all": sign_in_needs,
    "website": website_sign_in_needs,
}
Served = Annotated[
    Literal["all", "identity", "pseudoniem", "dossier", "website"], typer.Argument(help="What is to be served.")
]

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.command()
def check(served: Served = "all", config: Config = None) -> None:
    """Check that a service has every setting and file that it needs; connects to nothing."""
    settings = settings_of(config)
    patients = _SIGN_IN[served](settings) if served in _SIGN_IN else ()
    needs = [*_NEEDS[served], *patients]
    require(settings, *needs)
    if patients:
        require_https(settings)
        credential_of(settings)
    sealing = sealing_keys(settings) if SEALING_KEY in needs else []
    digest = [read_key(DIGEST_KEY.of(settings))] if DIGEST_KEY in needs else []
    require_different([*sealing, *digest])
    if served in {"all", "identity"}:
        read_own_services(settings)
        rotation_of(settings)
    elif served in settings.services:
        read_own_credential(own_credential(served).of(settings))
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
