"""The database: one engine per URL, transactions that join, and times in UTC.

A transaction that is begun while one is open on the same database, in the same task, is part of it. So a use case
that touches several stores is one unit of work where they share a database, and one transaction per database where
they do not (ADR 0006).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, DateTime, Dialect, MetaData, Table, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from common.errors import SettingsError, Unavailable

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

IDENTITY: Final = MetaData(naming_convention=_NAMING)
PSEUDONIEM: Final = MetaData(naming_convention=_NAMING)
DOSSIER: Final = MetaData(naming_convention=_NAMING)
"""The three owners of tables. None reads another's; each can have a database of its own."""

_CONNECT_SECONDS: Final = 0.8
_STATEMENT_SECONDS: Final = 2.0
_POOL_SIZE: Final = 10
_QUEUE_SECONDS: Final = 10.0
"""How long a request waits for a connection: a busy moment is no fault."""

_READING: Final = "AUTOCOMMIT"
"""The isolation level of readers: each statement stands alone."""

# SQLSTATE classes in which nothing is wrong with the statement: connection, resources, lock, operator, system.
_TRANSIENT: Final = frozenset({"08", "40", "53", "55", "57", "58"})
_READ_ONLY: Final = "25006"
"""A failover to a standby, say: as it is now, nothing can be decided here."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Database:
    """One database. Whatever fails in it that is not the caller's mistake is raised as Unavailable."""

    def __init__(self, url: str, *, statement_seconds: float | None = _STATEMENT_SECONDS) -> None:
        """Take a `postgresql://` or `sqlite:///` URL; nothing is connected yet. Raises SettingsError.

        A statement that takes longer than `statement_seconds` on PostgreSQL is given up; None waits for ever.
        """
        self.url = url
        self.engine = _engine(url, statement_seconds)
        self._reader = self.engine.execution_options(isolation_level=_READING)
        # SQLite has one writer: here they queue in order, its own busy handler would let the unlucky time out.
        self._turn: AbstractAsyncContextManager[None] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._open: ContextVar[AsyncConnection | None] = ContextVar("open_transaction", default=None)

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction: the one that is open in this task, or a new one, then committed."""
        outer = self._open.get()
        if outer is not None:
            yield outer
            return
        with _translated():
            async with self._turn, self.engine.begin() as connection:
                token = self._open.set(connection)
                try:
                    yield connection
                finally:
                    self._open.reset(token)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reading: that of the open transaction, or one where each statement stands alone."""
        outer = self._open.get()
        if outer is not None:
            yield outer
            return
        with _translated():
            async with self._reader.connect() as connection:
                yield connection

    def insert(self, table: Table) -> Any:  # noqa: ANN401 - the dialects' inserts have no common type with ON CONFLICT
        """Return an INSERT of this database's dialect: the one that knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _engine(url: str, statement_seconds: float | None) -> AsyncEngine:
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
    arguments: dict[str, object] = {"timeout": _CONNECT_SECONDS, "command_timeout": statement_seconds}
    if "sslmode" in url.query:
        arguments["ssl"] = url.query["sslmode"]  # asyncpg's name for it
    engine = create_async_engine(
        url.set(query={}),
        hide_parameters=True,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=_QUEUE_SECONDS,
        connect_args=arguments,
    )
    event.listen(engine.sync_engine, "checkout", _require_open)
    return engine


def _require_open(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 - the driver's own
    """Have the pool replace a connection that PostgreSQL ended while it lay idle; to know that costs no question."""
    if connection.driver_connection.is_closed():
        raise exc.DisconnectionError


def _sqlite(url: URL) -> AsyncEngine:
    if not url.database or url.database == ":memory:":
        raise SettingsError("An SQLite URL names a file: sqlite:///path, or sqlite:////absolute/path.")
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=_QUEUE_SECONDS,
        # No implicit BEGIN: it is deferred, and then of many writers most fail with "database is locked".
        connect_args={"isolation_level": None, "timeout": _STATEMENT_SECONDS},
    )

    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != _READING:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # a reader that did so would wait for every writer

    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exc.IntegrityError:
        raise  # the store that knows the constraint says what it means
    except exc.DBAPIError as error:
        if _transient(error):
            raise Unavailable("the database", private=type(error.orig).__name__) from None
        raise
    except (exc.TimeoutError, OSError) as error:  # no connection free, or none to be had (TimeoutError is an OSError)
        raise Unavailable("the database", private=type(error).__name__) from None


def _transient(error: exc.DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    plain = isinstance(error, exc.OperationalError | exc.InterfaceError)
    return plain or error.connection_invalidated or state[:2] in _TRANSIENT or state == _READ_ONLY
