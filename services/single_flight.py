"""Work that many wait for, done once at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Whoever asks while the work is under way gets what it comes to, be it an exception."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._under_way: asyncio.Task[T] | None = None

    async def join(self) -> T:
        """Return what the work comes to; it goes on for the others when one who waits gives up."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._do(), context=Context())  # it is nobody's request
            self._under_way.add_done_callback(_looked_at)
        return await asyncio.shield(self._under_way)

    async def _do(self) -> T:
        return await self._work()


def _looked_at(task: "asyncio.Task[T]") -> None:
    """Take note of a failure that nobody waited for any more; asyncio would complain of it."""
    if not task.cancelled():
        task.exception()
