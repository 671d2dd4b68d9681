"""Bringing the schema up: each owner's Alembic history, with a version table of its own."""

from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from common.errors import SettingsError
from common.sql import Database
from services.databases import Databases, Owner
from services.schema import shown, usable

_LOCK = 7268_0001
"""The advisory lock of PostgreSQL under which one process migrates at a time; SQLite has one writer anyway."""


async def migrate(databases: Databases) -> None:
    """Bring every owner's schema to the newest revision; simultaneous starts follow each other.

    Raises SettingsError if a database cannot be reached or used, or is of a newer version than this one.
    """
    for owner in databases.owners:
        patient = Database(databases.by_owner[owner.name].url, statement_seconds=None)  # a migration takes its time
        try:
            with usable(patient):
                await _migrate(patient, owner)
        except CommandError:
            raise SettingsError(
                f"The schema in {shown(patient)} was made by a newer version: run that version."
            ) from None
        finally:
            await patient.close()


async def _migrate(database: Database, owner: Owner) -> None:
    async with database.transaction() as connection:
        if not database.is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(_upgrade, owner)


def _upgrade(connection: Connection, owner: Owner) -> None:
    scripts = ScriptDirectory(str(owner.history), version_locations=[str(owner.history)])

    def steps(revision: Any, _context: MigrationContext) -> Any:  # noqa: ANN401 - Alembic's own types are private
        return scripts._upgrade_revs("head", revision)  # what `alembic upgrade` itself calls

    with EnvironmentContext(Config(), scripts, fn=steps) as context:
        context.configure(connection=connection, version_table=owner.version_table, render_as_batch=True)
        context.run_migrations()
