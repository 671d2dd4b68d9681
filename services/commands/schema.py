"""`sso migrate`: bring the schema up. Only the demo does so by itself."""

import asyncio
from collections.abc import Mapping

import typer

from services.commands.given import Config, settings_of
from services.databases import open_databases
from services.migrate import migrate
from services.required import DATABASES


def migrate_schema(config: Config = None) -> None:
    """Bring the schema of every database to this version; before it is served, and safe to repeat."""
    asyncio.run(_migrate(DATABASES.of(settings_of(config))))
    typer.echo("The schema is current.")


async def _migrate(urls: Mapping[str, str]) -> None:
    databases = open_databases(urls)
    try:
        await migrate(databases)
    finally:
        await databases.close()
