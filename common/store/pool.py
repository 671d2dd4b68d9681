"""The connections of a database, held open: to take one that is free costs no statement, and next to no time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from common.store.engine import AUTOCOMMIT
from common.store.faults import ends_connections

_SIZE: Final = 10
_QUEUE_SECONDS: Final = 5.0
"""How long work waits for a connection: a busy moment is no fault. What gathers meanwhile waits twice as long."""


@dataclass(frozen=True, slots=True)
class Held:
    """A connection: for SQLAlchemy, and the driver's own under it. Nothing begins a transaction on it but we."""

    connection: AsyncConnection
    driver: Any

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is the embedded database."""
        return self.connection.dialect.name == "sqlite"

    async def say(self, word: str) -> None:
        """Execute a statement that begins or ends a transaction."""
        if self.is_sqlite:
            await self.connection.exec_driver_sql(word)
        else:
            await self.driver.execute(word)

    def is_lost(self) -> bool:
        """Return whether PostgreSQL ended the connection while it lay idle; to know that costs no question."""
        return not self.is_sqlite and bool(self.driver.is_closed())

    def is_busy(self) -> bool:
        """Return whether something is under way on it yet: a transaction, or a statement that was broken off."""
        return not self.is_sqlite and bool(self.driver.is_in_transaction())


class Pool:
    """At most _SIZE connections; more callers than that wait for one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level=AUTOCOMMIT)
        self._idle: list[Held] = []
        self._free = asyncio.Semaphore(_SIZE)
        self._closing = set[asyncio.Task[None]]()

    async def take(self) -> Held:
        """Return a connection, to be given back or thrown away. Raises TimeoutError if none becomes free."""
        if self._free.locked():
            async with asyncio.timeout(_QUEUE_SECONDS):
                await self._free.acquire()
        else:
            await self._free.acquire()
        try:
            while self._idle:
                held = self._idle.pop()
                if not held.is_lost():
                    return held
                await self._close(held)
            return await self._open()
        except BaseException:
            self._free.release()
            raise

    def give(self, held: Held) -> None:
        """Give back a connection on which nothing is under way."""
        self._idle.append(held)
        self._free.release()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Held]:
        """Give a connection on which each statement stands alone. Raises TimeoutError if none becomes free."""
        held = await self.take()
        try:
            yield held
        except BaseException as error:
            await self.end(held, error)
            raise
        self.give(held)

    async def end(self, held: Held, error: BaseException) -> None:
        """Give back a connection on which something failed, or throw it away if its statement may be under way yet."""
        if not held.is_sqlite and (held.is_lost() or ends_connections(error)):
            self._drop_idle()  # else each of them would cost somebody a launch, whose token is spent by then
            await self.throw_away(held)
        elif held.is_busy() or isinstance(error, TimeoutError) or not isinstance(error, Exception):
            await self.throw_away(held)
        else:
            self.give(held)

    async def throw_away(self, held: Held) -> None:
        """Close a connection of which nobody knows what is under way on it, also where the task is being cancelled."""
        self._free.release()
        await asyncio.shield(self._closing_of(held))

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for held in idle:
            self._closing_of(held)

    def _closing_of(self, held: Held) -> "asyncio.Task[None]":
        closing = asyncio.create_task(self._close(held))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return closing

    async def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            await self._idle.pop().connection.close()

    async def _open(self) -> Held:
        connection = await self._engine.connect()
        return Held(connection, (await connection.get_raw_connection()).driver_connection)

    async def _close(self, held: Held) -> None:
        if not held.is_sqlite:
            held.driver.terminate()
        await held.connection.invalidate()
        await held.connection.close()
