"""A unit of work: a transaction that begins as late as it can, and that is one statement where it need not read."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Final

from common.store.pool import Held, Pool
from common.store.statements import BulkInsert, Write, send

_BEGIN: Final = {True: "BEGIN IMMEDIATE", False: "BEGIN ISOLATION LEVEL READ COMMITTED"}
"""By whether it is SQLite. There a reader that begins and then writes could find that another one has written."""


class Work:
    """What one task does on one database, all or nothing. `turn` is the turn to write, where writers queue."""

    def __init__(self, pool: Pool, turn: AbstractAsyncContextManager[None], *, is_sqlite: bool) -> None:
        self._pool = pool
        self._turn = turn
        self._is_sqlite = is_sqlite
        self._held: Held | None = None
        self._kept: list[Write] = []

    @property
    def is_idle(self) -> bool:
        """Return whether there is nothing yet that a reader could miss elsewhere."""
        return self._held is None and not self._kept

    def keep(self, write: Write) -> None:
        """Have this written before anything else is sent, or in the end; rows of one kind in their order."""
        for number, kept in enumerate(self._kept):
            if kept.statement is write.statement and isinstance(kept.statement, BulkInsert):
                self._kept[number] = replace(kept, values=[*kept.values, *write.values])
                return
        self._kept.append(write)

    def only_rows(self) -> Sequence[Write] | None:
        """Return what is kept if that is rows to insert and nothing else: it can be written with others'."""
        rows = self._held is None and all(isinstance(write.statement, BulkInsert) for write in self._kept)
        return self._kept if rows else None

    async def begun(self) -> Held:
        """Return the connection of the transaction, on which all is written that was kept."""
        if self._held is None:
            await self._turn.__aenter__()
            try:
                self._held = await self._pool.take()
            except BaseException:
                await self._turn.__aexit__(None, None, None)
                raise
            await self._held.say(_BEGIN[self._is_sqlite])
        if self._kept:
            writes, self._kept = self._kept, []
            await send(self._held, writes)
        return self._held

    async def commit(self) -> None:
        """Write what is kept, and commit."""
        if self._held is None and self._kept and not self._is_sqlite:
            async with self._pool.one() as held:
                await send(held, self._kept)  # in one statement, which is a transaction by itself
        elif not self.is_idle:
            held = await self.begun()
            await held.say("COMMIT")
            self._held = None
            self._pool.give(held)
            await self._turn.__aexit__(None, None, None)

    async def roll_back(self, error: BaseException) -> None:
        """Undo what was written, after this error."""
        held, self._held = self._held, None
        if held is None:
            return
        try:
            if isinstance(error, Exception) and not held.is_lost():
                await held.say("ROLLBACK")
        except BaseException as another:
            await self._pool.end(held, another)
            raise
        else:
            await self._pool.end(held, error)
        finally:
            await self._turn.__aexit__(None, None, None)
