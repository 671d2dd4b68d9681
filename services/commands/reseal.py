"""`sso keys reseal`: seal everything anew with the sealing key of the settings, beside the service."""

import asyncio
from pathlib import Path

import typer

from common.errors import SettingsError
from common.settings import Settings
from keys.sealing import CannotOpen
from services.commands.given import Config, settings_of
from services.databases import IDENTITY_OWNER, open_databases
from services.required import SEALING_KEY, database_of, require
from services.reseal import left, reseal
from services.schema import require_current
from services.wiring import read_sealer


def reseal_all(config: Config = None) -> None:
    """Seal with SSO_KEYS__SEALING_FILE what SSO_KEYS__OTHER_SEALING_FILE sealed; can be stopped and started again."""
    settings = settings_of(config)
    require(settings, SEALING_KEY, database_of(IDENTITY_OWNER))
    if settings.keys.other_sealing_file is None:
        raise SettingsError("Set SSO_KEYS__OTHER_SEALING_FILE to the key that is to be replaced.")
    asyncio.run(_reseal(settings, settings.keys.other_sealing_file))


async def _reseal(settings: Settings, other: Path) -> None:
    databases, sealer = open_databases({"identity": database_of(IDENTITY_OWNER).of(settings)}), read_sealer(settings)
    try:
        await require_current(databases)
        total, done = await left(databases.identity, sealer), 0
        async for table, rows in reseal(databases.identity, sealer):
            done += rows
            typer.echo(f"{done} of {total} rows ({table})")
    except CannotOpen as error:
        raise SettingsError(f"A value does not open: {error}. Is {other} the key that sealed it?") from None
    finally:
        await databases.close()
    typer.echo("Everything is sealed with the new key: take SSO_KEYS__OTHER_SEALING_FILE out, and restart.")
