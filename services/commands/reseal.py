"""`sso keys reseal`: seal everything anew with the sealing key of the settings, beside the service."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import typer

from common.errors import SettingsError
from common.settings import Settings
from common.sql import Database
from keys.sealing import Sealer
from services.commands.given import Config, settings_of
from services.databases import DOSSIER_OWNER, IDENTITY_OWNER, Databases, urls_of
from services.required import SEALING_KEY, database_of, require
from services.reseal import left, places_of, reseal
from services.schema import require_current
from services.wiring import read_sealer

OWNERS: Final = (IDENTITY_OWNER, DOSSIER_OWNER)
"""Those who have something sealed."""

_NAMED: Final = 20
"""Damaged rows that are named; with a wrong key there are as many as there are rows."""


def reseal_all(config: Config = None) -> None:
    """Seal with SSO_KEYS__SEALING_FILE what SSO_KEYS__OTHER_SEALING_FILE sealed; can be stopped and started again.

    Ends with 1 if something is not sealed with SSO_KEYS__SEALING_FILE then.
    """
    settings = settings_of(config)
    require(settings, SEALING_KEY, *(() if _databases(settings) else map(database_of, OWNERS)))
    if settings.keys.other_sealing_file is None:
        raise SettingsError("Set SSO_KEYS__OTHER_SEALING_FILE to the key that is to be replaced.")
    asyncio.run(_reseal(settings, SEALING_KEY.of(settings), settings.keys.other_sealing_file))


async def _reseal(settings: Settings, key: Path, other: Path) -> None:
    sealer, damaged, done = read_sealer(settings), list[str](), 0
    urls = _databases(settings)
    opened = {url: Database(url, statement_seconds=None) for url in set(urls.values())}  # it reads whole tables
    databases = Databases({name: opened[url] for name, url in urls.items()})
    try:
        await require_current(databases)
        total = await _left(databases, sealer)
        typer.echo(f"Sealing with {key} what {other} sealed. Rows to seal anew: {total} ({' and '.join(urls)}).")
        for owner in databases.owners:
            async for batch in reseal(databases.by_owner[owner.name], sealer, places=places_of(owner.tables)):
                done += batch.done
                damaged += batch.damaged
                typer.echo(f"{done} of {total} rows ({batch.table})")
                if batch.clashing:  # said at once: they are sealed, so no later run comes across them
                    typer.echo(_clashing(batch.clashing), err=True)
        remaining = await _left(databases, sealer)
    finally:
        await databases.close()
    if remaining:
        for line in _remaining(remaining, damaged, key, other):
            typer.echo(line, err=True)
        raise typer.Exit(1)
    typer.echo(f"Everything is sealed with {key}: take SSO_KEYS__OTHER_SEALING_FILE ({other}) out, and restart.")


def _databases(settings: Settings) -> dict[str, str]:
    """Return the URLs of the databases in the settings in which something lies sealed, by owner.

    Where services run apart each has its own sealing key and its own database: then the command is run for each.
    """
    return {owner: url for owner, url in urls_of(settings.database).items() if owner in {one.name for one in OWNERS}}


async def _left(databases: Databases, sealer: Sealer) -> int:
    owners = databases.owners
    return sum([await left(databases.by_owner[owner.name], sealer, places_of(owner.tables)) for owner in owners])


def _clashing(names: Sequence[str]) -> str:
    """Return what is to be told to the companies whose dossiers these are."""
    return (
        f"Dossiers whose external identifier another one of their group was given meanwhile: {len(names)} "
        f"({', '.join(names)}). They are in lists and found by name, and no longer by that identifier."
    )


def _remaining(remaining: int, damaged: Sequence[str], key: Path, other: Path) -> Iterator[str]:
    """Yield what is to be done about rows that are not sealed with the key."""
    if damaged:
        names = ", ".join([*damaged[:_NAMED], *(["…"] if len(damaged) > _NAMED else [])])
        yield f"Rows that neither key opens: {len(damaged)} ({names}). Is {other} the key that sealed them?"
    if remaining > len(damaged):
        yield (
            f"Rows not sealed with {key} yet: {remaining - len(damaged)}. They were being changed, or a process still "
            "seals with another key: start it anew with the new settings. Then run this again."
        )
