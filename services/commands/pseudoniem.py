"""`sso pseudoniem`: changing the digest key of the pseudoniemen, beside the service."""

import asyncio

import typer

from common.clock import wall_clock
from common.errors import SettingsError
from common.settings import Settings
from common.sql import Database
from identity.pseudoniem.rekey import PREFIXES, Keyed, rekey, retire
from identity.pseudoniem.store_sql import SqlPseudoniemen
from identity.pseudoniem.versions import recognised
from services.commands.given import Config, settings_of
from services.databases import PSEUDONIEM_OWNER, Databases
from services.required import DIGEST_KEY, database_of, require
from services.schema import require_current
from services.wiring import read_digest_keys

app = typer.Typer(help="See to the pseudoniemen of patients.", no_args_is_help=True)

_DATABASE = database_of(PSEUDONIEM_OWNER)


@app.callback()
def pseudoniem() -> None:
    """Keep `rekey` a word of its own, which typer would leave out of an application with one command."""


@app.command("rekey")
def rekey_all(config: Config = None) -> None:
    """Have SSO_KEYS__DIGEST_FILE replace SSO_KEYS__OTHER_DIGEST_FILE; can be stopped and started again.

    Every process must have both keys. Takes some minutes. Ends with 1 if the other key is still needed then.
    """
    settings = settings_of(config)
    require(settings, DIGEST_KEY, _DATABASE)
    if settings.keys.other_digest_file is None:
        raise SettingsError("Set SSO_KEYS__OTHER_DIGEST_FILE to the key that is to be replaced.")
    asyncio.run(_rekey(settings))


async def _rekey(settings: Settings) -> None:
    database = Database(_DATABASE.of(settings), statement_seconds=None)  # it reads whole tables
    try:
        await require_current(Databases({PSEUDONIEM_OWNER.name: database}))
        store, (new_key, old_key) = SqlPseudoniemen(database), read_digest_keys(settings)
        numbers = {version.check_value: version.number for version in await store.versions()}
        if new_key.check_value() not in numbers:
            raise SettingsError("No process has the new key yet: give it to all of them first, beside the old one.")
        await recognised(store, [new_key, old_key])
        old, new = (Keyed(numbers[key.check_value()], key) for key in (old_key, new_key))
        if old.version > new.version:
            raise SettingsError("SSO_KEYS__OTHER_DIGEST_FILE is the newer key: have the two files change places.")
        async for progress in rekey(store, old, new, PREFIXES):
            typer.echo(f"{100 * progress.tried // len(PREFIXES)} % of all BSNs tried, {progress.found} patients found")
        left = await retire(store, new.version, wall_clock())
    finally:
        await database.close()
    if left:
        typer.echo(
            f"Patients without a row under the new key: {left}. A process that has the old key alone made them since, "
            "or they have no BSN that passes the 11-test: give every process both keys, and run this again.",
            err=True,
        )
        raise typer.Exit(1)
    files = settings.keys.digest_file, settings.keys.other_digest_file
    typer.echo(f"{files[0]} has replaced {files[1]}: take SSO_KEYS__OTHER_DIGEST_FILE out, restart, destroy that key.")
