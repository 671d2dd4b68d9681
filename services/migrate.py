"""Bringing the schema up, and telling whether it is: each owner's Alembic history, with a version table of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, exc, text

from common.errors import SettingsError, Unavailable
from common.sql import Database
from services.databases import Databases, Owner

_LOCK = 7268_0001
"""The advisory lock of PostgreSQL under which one process migrates at a time; SQLite has one writer anyway."""


async def migrate(databases: Databases) -> None:
    """Bring every owner's schema to the newest revision; simultaneous starts follow each other.

    Raises SettingsError if a database cannot be reached or used, or is of a newer version than this one.
    """
    for owner in databases.owners:
        patient = Database(databases.by_owner[owner.name].url, statement_seconds=None)  # a migration takes its time
        try:
            with _usable(patient):
                await _migrate(patient, owner)
        finally:
            await patient.close()


async def _migrate(database: Database, owner: Owner) -> None:
    async with database.transaction() as connection:
        if not database.is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(_upgrade, owner)


async def require_current(databases: Databases) -> None:
    """Raise SettingsError if the schema of one of the owners is not at the newest revision, or cannot be read."""
    for owner in databases.owners:
        database = databases.by_owner[owner.name]
        with _usable(database):
            current = await is_current(database, owner)
        if not current:
            raise SettingsError(f"The schema in {_shown(database)} is not current: run `sso migrate`.")


async def is_current(database: Database, owner: Owner) -> bool:
    """Return whether the owner's schema is at the newest revision. Raises Unavailable."""
    async with database.read() as connection:
        revision = await connection.run_sync(_revision, owner)
    return revision == newest(owner)


@cache
def newest(owner: Owner) -> str | None:
    """Return the newest revision of the owner's history; read from its files once."""
    return _scripts(owner).get_current_head()


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


@contextmanager
def _usable(database: Database) -> Iterator[None]:
    try:
        yield
    except (exc.SQLAlchemyError, Unavailable) as error:
        raise SettingsError(
            f"The database {_shown(database)} cannot be used ({_reason(error)}). Check that it runs, that its URL is "
            "right and that it is whole; the demo's own data can be removed with `make clean`."
        ) from error
    except CommandError:
        raise SettingsError(
            f"The schema in {_shown(database)} was made by a newer version: run that version."
        ) from None


def _shown(database: Database) -> str:
    url = database.engine.url
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or getattr(error, "private", None) or type(error).__name__)
