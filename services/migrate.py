"""Bringing the schema up, and telling whether it is: each owner's Alembic history, with a version table of its own."""

from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, exc, text

from common.errors import SettingsError, Unavailable
from common.sql import Database
from services.databases import OWNERS, Databases, Owner

_LOCK = 7268_0001
"""The advisory lock of PostgreSQL under which one process migrates at a time; SQLite has one writer anyway."""


async def migrate(databases: Databases) -> None:
    """Bring every owner's schema to the newest revision; simultaneous starts follow each other.

    Raises SettingsError if a database cannot be reached or used.
    """
    for owner in OWNERS:
        database = databases.by_owner[owner.name]
        try:
            async with database.transaction() as connection:
                if not database.is_sqlite:
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                await connection.run_sync(_upgrade, owner)
        except (exc.SQLAlchemyError, Unavailable) as error:
            shown = database.engine.url.render_as_string(hide_password=True)
            raise SettingsError(
                f"The database {shown} cannot be used ({_reason(error)}). Check that it runs, that its URL is right "
                "and that it is whole; the demo's own data can be removed with `make clean`."
            ) from error


async def is_current(database: Database, owner: Owner) -> bool:
    """Return whether the owner's schema is at the newest revision. Raises Unavailable."""
    async with database.read() as connection:
        revision = await connection.run_sync(_revision, owner)
    return revision == _scripts(owner).get_current_head()


def _upgrade(connection: Connection, owner: Owner) -> None:
    scripts = _scripts(owner)

    def steps(revision: Any, _context: MigrationContext) -> Any:  # noqa: ANN401 - Alembic's own types are private
        return scripts._upgrade_revs("head", revision)  # what `alembic upgrade` itself calls

    with EnvironmentContext(Config(), scripts, fn=steps) as context:
        context.configure(connection=connection, version_table=owner.version_table, render_as_batch=True)
        context.run_migrations()


def _revision(connection: Connection, owner: Owner) -> str | None:
    options = {"version_table": owner.version_table}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _scripts(owner: Owner) -> ScriptDirectory:
    return ScriptDirectory(str(owner.history), version_locations=[str(owner.history)])


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or getattr(error, "private", None) or type(error).__name__)
