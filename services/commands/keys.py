"""`sso keys`: the secret keys that production is given, and the signing keys that it makes itself."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from common.clock import wall_clock
from common.errors import SettingsError
from common.key_files import make_key
from common.settings import service_name
from keys.keeper import KeyKeeper
from keys.ring import Purpose, SealedKey
from keys.schedule import Instants, signing
from keys.service_keys import make_pair
from services.commands.given import Config, settings_of
from services.databases import IDENTITY_OWNER, open_databases
from services.required import SEALING_KEY, database_of, require
from services.schema import require_current
from services.wiring import read_sealer, wire_keeper

T = TypeVar("T")
Kid = Annotated[str, typer.Argument(help="The key's name, as `sso keys list` shows it.")]

_ANY_KID: Final = {"ignore_unknown_options": True}
"""A thumbprint may begin with a hyphen, and is no option for that."""

_DATABASE: Final = database_of(IDENTITY_OWNER)

app = typer.Typer(help="Make the secret keys of an installation, and see to its signing keys.", no_args_is_help=True)


@app.command()
def init(out: Annotated[Path, typer.Option(help="Folder for the key files; made if it is not there.")]) -> None:
    """Make the sealing key and the digest key, readable by their owner alone, and never over existing ones."""
    files = {"SSO_KEYS__SEALING_FILE": out / "sealing.key", "SSO_KEYS__DIGEST_FILE": out / "digest.key"}
    _require_none(files.values())
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in files.values():
            make_key(file)
    except OSError as error:
        raise SettingsError(f"No keys can be made in {out}: {error.strerror}.") from None
    for name, file in files.items():
        typer.echo(f"{name}={file.absolute()}")
    typer.echo("Keep a copy of both in a safe place: without them the database cannot be read.", err=True)


@app.command()
def service(
    name: Annotated[str, typer.Argument(help="The service: dossier, website, or one of your own.")],
    out: Annotated[Path, typer.Option(help="Folder for the key files; made if it is not there.")],
) -> None:
    """Make the key pair of one of our own services, readable by their owner alone, and never over existing ones."""
    try:
        service_name(name)
    except ValueError as error:
        raise typer.BadParameter(f"It {error}.") from None
    files = {half: out / f"{name}.{half}.pem" for half in ("private", "public")}
    _require_none(files.values())
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_pair(files["private"], files["public"])
    except OSError as error:
        raise SettingsError(f"No keys can be made in {out}: {error.strerror}.") from None
    for half, file in files.items():
        typer.echo(f"SSO_SERVICES__{name.upper()}__{half.upper()}_KEY_FILE={file.absolute()}")
    typer.echo(f"Give the private one to {name} alone, and the public one to identity.", err=True)


@app.command("list")
def list_all(config: Config = None) -> None:
    """List our own signing keys: when each is published, and when it signs. Times are UTC."""

    async def shown(keeper: KeyKeeper) -> list[str]:
        return [line for purpose in Purpose for line in _lines(await keeper.store.all(purpose), keeper)]

    for line in _with_keeper(config, shown):
        typer.echo(line)


@app.command()
def rotate(
    purpose: Annotated[Purpose | None, typer.Argument(help="access or sso; both if none is named.")] = None,
    config: Config = None,
) -> None:
    """Announce the next key now; it signs as soon as everybody can know it. The service does so by itself in time."""

    async def rotated(keeper: KeyKeeper) -> list[SealedKey]:
        return [await keeper.rotate(one) for one in ([purpose] if purpose else Purpose)]

    for key in _with_keeper(config, rotated):
        typer.echo(f"{key.kid} signs for {key.purpose.value} from {key.plan.signs_from:%Y-%m-%d %H:%M} UTC.")


@app.command(context_settings=_ANY_KID)
def retire(kid: Kid, config: Config = None) -> None:
    """Take a key out before its time is up, once no token under it can be good any more."""
    _with_keeper(config, lambda keeper: keeper.retire(kid))
    typer.echo(f"{kid} is out of the key set.")


@app.command(context_settings=_ANY_KID)
def revoke(kid: Kid, config: Config = None) -> None:
    """Take a key out at once, with every token under it: one that is in other hands. A new one signs from now on."""
    _with_keeper(config, lambda keeper: keeper.revoke(kid))
    typer.echo(f"{kid} is out, for ever. What it signed is refused within a second, by services apart within two.")


@app.command()
def export(config: Config = None) -> None:
    """Show the public key set (JWKS), as `/.well-known/jwks.json` does."""

    async def key_set(keeper: KeyKeeper) -> list[dict[str, object]]:
        return [key for purpose in Purpose for key in (await keeper.read(purpose)).public(keeper.clock())]

    typer.echo(json.dumps({"keys": _with_keeper(config, key_set)}, indent=2))


def _require_none(files: Iterable[Path]) -> None:
    for file in files:
        if file.exists():
            raise SettingsError(f"{file} is there already, and a key is never written over.")


def _with_keeper(config: Path | None, ask: Callable[[KeyKeeper], Awaitable[T]]) -> T:
    settings = settings_of(config)
    require(settings, _DATABASE, SEALING_KEY)
    sealer = read_sealer(settings)

    async def answer() -> T:
        databases = open_databases({IDENTITY_OWNER.name: _DATABASE.of(settings)})
        try:
            keeper = wire_keeper(databases, wall_clock, settings, sealer)
            await require_current(databases)
            return await ask(keeper)
        finally:
            await databases.close()

    return asyncio.run(answer())


def _lines(keys: Sequence[SealedKey], keeper: KeyKeeper) -> Iterator[str]:
    plans, now = [key.plan for key in keys], keeper.clock()
    signs = signing(plans, now)
    for key in keys:
        when = keeper.rotation.instants(key.plan, plans)
        state = _state(when, now, signs=key.plan is signs)
        yield f"{key.kid}  {key.purpose.value:<6}  {state:<9}  {_shown(when)}"


def _state(when: Instants, now: datetime, *, signs: bool) -> str:
    if not when.published(now):
        return "out"
    return "signs" if signs else "announced" if now < when.signs_from else "published"


def _shown(when: Instants) -> str:
    instants = (when.published_from, when.signs_from, when.signs_until, when.published_until)
    texts = [f"{instant:%Y-%m-%d %H:%M}" if instant else "open" for instant in instants]
    return f"published {texts[0]}, signs {texts[1]} to {texts[2]}, published to {texts[3]}"
