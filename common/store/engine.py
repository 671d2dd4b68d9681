"""The engines: how PostgreSQL and SQLite are connected to. They keep no connections: `pool` does."""

from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from common.errors import SettingsError

AUTOCOMMIT: Final = "AUTOCOMMIT"
"""The isolation level in which SQLAlchemy begins nothing by itself: each statement stands alone."""

_CONNECT_SECONDS: Final = 0.8
STATEMENT_SECONDS: Final = 2.0
_SERVER_SETTINGS: Final = {
    # PostgreSQL gives up first, where it is there to do so: then it is known that nothing was kept. The driver loses
    # the connection, and what it gave up waits on, and is kept in the end.
    "statement_timeout": "1800ms",
    "lock_timeout": "1500ms",
    "idle_in_transaction_session_timeout": "5s",  # of a process that is frozen, say: our transactions wait for nobody
}


class Record(asyncpg.Record):  # type: ignore[misc]  # the driver has no types
    """A row of the driver's, as SQLAlchemy's are."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a value of any type
        return self[name]


def make_engine(url: str, statement_seconds: float | None) -> AsyncEngine:
    """Return the engine of a `postgresql://` or `sqlite:///` URL; nothing is connected yet. Raises SettingsError."""
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise SettingsError("A database URL is postgresql://user:password@host/name or sqlite:///path.") from None
    if parsed.drivername == "sqlite":
        return _sqlite(parsed.set(drivername="sqlite+aiosqlite"))
    if parsed.drivername in {"postgresql", "postgres"}:
        return _postgresql(parsed.set(drivername="postgresql+asyncpg"), statement_seconds)
    raise SettingsError(f"The database {parsed.drivername} is not supported: use a postgresql:// or sqlite:/// URL.")


def _postgresql(url: URL, statement_seconds: float | None) -> AsyncEngine:
    if not set(url.query) <= {"sslmode"}:
        raise SettingsError("A PostgreSQL URL has no parameter but sslmode, as in ?sslmode=verify-full.")
    arguments: dict[str, object] = {
        "timeout": _CONNECT_SECONDS,
        "command_timeout": statement_seconds,
        "server_settings": _SERVER_SETTINGS if statement_seconds is not None else {},
        "record_class": Record,  # of the connection, since the driver forgets that of a call when it asks anew
    }
    if "sslmode" in url.query:
        arguments["ssl"] = url.query["sslmode"]  # asyncpg's name for it
    return create_async_engine(url.set(query={}), hide_parameters=True, poolclass=NullPool, connect_args=arguments)


def _sqlite(url: URL) -> AsyncEngine:
    if not url.database or url.database == ":memory:":
        raise SettingsError("An SQLite URL names a file: sqlite:///path, or sqlite:////absolute/path.")
    engine = create_async_engine(
        url,
        hide_parameters=True,
        poolclass=NullPool,
        # No implicit BEGIN: it is deferred, and then of many writers most fail with "database is locked".
        connect_args={"isolation_level": None, "timeout": STATEMENT_SECONDS},
    )

    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != AUTOCOMMIT:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # a reader that did so would wait for every writer

    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)
    return engine
