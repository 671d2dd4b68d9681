"""The database of identity, for a command that decides something of companies."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from services.commands.given import settings_of
from services.databases import IDENTITY_OWNER, Databases, open_databases
from services.required import database_of
from services.schema import require_current

T = TypeVar("T")
CompanyId = Annotated[str, typer.Argument(help="The id that the company got when it registered.")]


def with_identity(config: Path | None, ask: Callable[[Databases], Awaitable[T]]) -> T:
    """Return what is answered on the database of the settings. Raises SettingsError if it is not current."""
    url = database_of(IDENTITY_OWNER).of(settings_of(config))

    async def answer() -> T:
        databases = open_databases({IDENTITY_OWNER.name: url})
        try:
            await require_current(databases)
            return await ask(databases)
        finally:
            await databases.close()

    return asyncio.run(answer())


def printable(name: str) -> str:
    """Return a name without what could steer a terminal: anyone may register a company under any name."""
    return "".join(character if character.isprintable() else "?" for character in name)
