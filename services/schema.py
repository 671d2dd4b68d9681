"""Whether the schema of each owner is the one that this version means; bringing it there is `services.migrate`.

Without Alembic, so that a start that has nothing to migrate does not load it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, exc, text

from common.errors import SettingsError, Unavailable
from common.sql import Database
from services.databases import Databases, Owner


async def require_current(databases: Databases) -> None:
    """Raise SettingsError if the schema of one of the owners is not at the newest revision, or cannot be read."""
    for owner in databases.owners:
        database = databases.by_owner[owner.name]
        with usable(database):
            current = await is_current(database, owner)
        if not current:
            raise SettingsError(f"The schema in {shown(database)} is not current: run `sso migrate`.")


async def bring_up_to_date(databases: Databases) -> None:
    """Migrate what is not at the newest revision. Raises SettingsError as `services.migrate` does."""
    if not await _are_current(databases):
        from services.migrate import migrate  # noqa: PLC0415 - it loads Alembic

        await migrate(databases)


async def _are_current(databases: Databases) -> bool:
    for owner in databases.owners:
        database = databases.by_owner[owner.name]
        with usable(database):
            if not await is_current(database, owner):
                return False
    return True


async def is_current(database: Database, owner: Owner) -> bool:
    """Return whether the owner's schema is at the newest revision. Raises Unavailable."""
    async with database.read() as connection:
        revision = await connection.run_sync(_revision, owner)
    return revision == newest(owner)


@cache
def newest(owner: Owner) -> str:
    """Return the newest revision of the owner's history, as the names of its files say (0001: `r0001_first.py`)."""
    return max(path.name[1:].partition("_")[0] for path in owner.history.glob("r*.py"))


@contextmanager
def usable(database: Database) -> Iterator[None]:
    """Turn what goes wrong with a database into a SettingsError that says how to mend it."""
    try:
        yield
    except (exc.SQLAlchemyError, Unavailable) as error:
        raise SettingsError(
            f"The database {shown(database)} cannot be used ({_reason(error)}). Check that it runs, that its URL is "
            "right and that it is whole; the demo's own data can be removed with `make clean`."
        ) from error


def shown(database: Database) -> str:
    """Return a database's URL as people may see it: without the password."""
    url = database.engine.url
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _revision(connection: Connection, owner: Owner) -> str | None:
    if not connection.dialect.has_table(connection, owner.version_table):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {owner.version_table}"))  # noqa: S608 - ours
    return revision


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or getattr(error, "private", None) or type(error).__name__)
