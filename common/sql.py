"""The database: one pool per URL, transactions that join, and times in UTC.

A transaction that is begun while one is open on the same database, in the same task, is part of it. So a use case
that touches several stores is one unit of work where they share a database, and one transaction per database where
they do not (ADR 0006). What a unit of work has to write without reading is sent in one statement (ADR 0035).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from common.store.engine import STATEMENT_SECONDS, make_engine
from common.store.faults import translated
from common.store.pool import Held, Pool
from common.store.statements import BulkInsert, Key, Keyed, Rows, Statement, Write
from common.store.together import Together
from common.store.work import Work

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


_JOINED: Final = nullcontext()
"""What a unit of work within another one adds to it."""


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

    def __init__(self, url: str, *, statement_seconds: float | None = STATEMENT_SECONDS) -> None:
        """Take a `postgresql://` or `sqlite:///` URL; nothing is connected yet. Raises SettingsError.

        A statement that takes longer than `statement_seconds` on PostgreSQL is given up; None waits for ever.
        """
        self.url = url
        self.engine = make_engine(url, statement_seconds)
        self._pool = Pool(self.engine)
        # SQLite has one writer: here they queue in order, its own busy handler would let the unlucky time out.
        self._turn: AbstractAsyncContextManager[None] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._open: ContextVar[Work | None] = ContextVar("open_work", default=None)
        self._questions: dict[Keyed, Together[Key, Rows]] = {}
        self._inserts: dict[tuple[Statement, ...], Together[Sequence[Write], None]] = {}

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    def unit_of_work(self) -> AbstractAsyncContextManager[None]:
        """Do all inside or nothing of it: in the transaction that is open in this task, or in a new one.

        A new one begins with the first statement that has to be answered before the end.
        """
        return self._new_unit_of_work() if self._open.get() is None else _JOINED

    @asynccontextmanager
    async def _new_unit_of_work(self) -> AsyncIterator[None]:
        with translated():
            work = Work(self._pool, self._turn, is_sqlite=self.is_sqlite)
            token = self._open.set(work)
            try:
                yield
                rows = work.only_rows()
                await (work.commit() if rows is None else self._inserted(rows))
            except BaseException as error:
                await work.roll_back(error)
                raise
            finally:
                self._open.reset(token)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction: the one that is open in this task, or a new one, then committed."""
        async with self.unit_of_work():
            yield (await self._work().begun()).connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reading: that of the open transaction, or one where each statement stands alone."""
        async with self._reader() as held:
            yield held.connection

    async def find(self, keyed: Keyed, *key: object) -> Rows:
        """Return the rows with this key, as `read` does; what others ask for in the same moment is asked with it."""
        return await self.finding(keyed, *key)

    def finding(self, keyed: Keyed, *key: object) -> Awaitable[Rows]:
        """Begin to `find`, and return what will be found; to be awaited before anything is written."""
        work = self._open.get()
        if work is not None and not work.is_idle:
            return self._find_in(work, keyed, key)
        if keyed not in self._questions:
            self._questions[keyed] = Together(partial(self._find_each, keyed), apart=True)
        return self._questions[keyed].ask(key)

    async def find_all(self, keyed: Keyed, keys: Sequence[Key]) -> Mapping[Key, Rows]:
        """Return the rows with one of these keys, by their key, as `find` does."""
        if len(keys) == 1:
            rows = await self.find(keyed, *keys[0])
            return {keys[0]: rows} if rows else {}
        return await self._rows_of(keyed, keys)

    async def _rows_of(self, keyed: Keyed, keys: Sequence[Key]) -> Mapping[Key, Rows]:
        if not keys:
            return {}
        async with self._reader() as held:
            return await keyed.rows(held, keys)

    async def write(self, write: Write) -> None:
        """Keep what has to be written till the unit of work that is open ends or reads; else write it now."""
        work = self._open.get()
        if work is not None:
            work.keep(write)
            return
        async with self.unit_of_work():
            self._work().keep(write)

    async def insert_rows(self, insert: BulkInsert, rows: Rows) -> None:
        """Insert rows, as `write` does; outside a unit of work that costs less than there."""
        work = self._open.get()
        if work is not None:
            work.keep(Write(insert, rows))
        else:
            await self._inserted([Write(insert, rows)])

    def insert(self, table: Table) -> Any:  # noqa: ANN401 - the dialects' inserts have no common type with ON CONFLICT
        """Return an INSERT of this database's dialect: the one that knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
        await self.engine.dispose()

    async def _find_in(self, work: Work, keyed: Keyed, key: Key) -> Rows:
        return (await keyed.rows(await work.begun(), [key])).get(key, ())

    async def _find_each(self, keyed: Keyed, keys: Sequence[Key]) -> Sequence[Rows]:
        found = await self._rows_of(keyed, list(dict.fromkeys(keys)))
        return [found.get(key, ()) for key in keys]

    async def _inserted(self, writes: Sequence[Write]) -> None:
        """Insert rows, all or none, together with what others insert into these tables in the same moment."""
        if not writes:
            return
        tables = tuple(write.statement for write in writes)
        if tables not in self._inserts:
            self._inserts[tables] = Together(self._insert_each, apart=True)
        await self._inserts[tables].ask(writes)

    async def _insert_each(self, inserts: Sequence[Sequence[Write]]) -> Sequence[None]:
        with translated():
            work = Work(self._pool, self._turn, is_sqlite=self.is_sqlite)
            for of_table in zip(*inserts, strict=True):
                work.keep(replace(of_table[0], values=[row for write in of_table for row in write.values]))
            try:
                await work.commit()
            except BaseException as error:
                await work.roll_back(error)
                raise
        return [None] * len(inserts)

    def _work(self) -> Work:
        work = self._open.get()
        assert work is not None  # noqa: S101 - called within a unit of work alone
        return work

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Held]:
        work = self._open.get()
        if work is not None:
            yield await work.begun()
            return
        with translated():
            async with self._pool.one() as held:
                yield held
