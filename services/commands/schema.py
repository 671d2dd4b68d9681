"""`sso migrate`: bring the schema up. Only the demo does so by itself."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from services.commands.given import Config, settings_of
from services.databases import OWNERS, open_databases
from services.required import database_of, require


class OwnerName(StrEnum):
    """Who has a database."""

    IDENTITY = "identity"
    PSEUDONIEM = "pseudoniem"
    DOSSIER = "dossier"


Owners = Annotated[list[OwnerName] | None, typer.Argument(help="Whose; all if none is named.")]


def migrate_schema(owners: Owners = None, config: Config = None) -> None:
    """Bring the schema of the databases to this version; before it is served, and safe to repeat."""
    chosen, settings = [owner for owner in OWNERS if not owners or owner.name in owners], settings_of(config)
    require(settings, *(database_of(owner) for owner in chosen))
    asyncio.run(_migrate({owner.name: database_of(owner).of(settings) for owner in chosen}))
    typer.echo(f"The schema is current: {', '.join(owner.name for owner in chosen)}.")


async def _migrate(urls: Mapping[str, str]) -> None:
    from services.migrate import migrate  # noqa: PLC0415 - so that no other command loads Alembic

    databases = open_databases(urls)
    try:
        await migrate(databases)
    finally:
        await databases.close()
