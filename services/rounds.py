"""What a service does again and again beside its requests, and how that ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

LAST_ROUND: Final = 3.0
"""Seconds that a round has to end in when the service stops."""


class Stopping(asyncio.Event):
    """Set when the service stops."""

    async def within(self, seconds: float) -> bool:
        """Wait so many seconds, or until the service stops; return whether it does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wait()
        return self.is_set()


@asynccontextmanager
async def beside(work: Callable[[Stopping], Awaitable[None]]) -> AsyncIterator[None]:
    """Run `work` for as long as the context lasts; then it has LAST_ROUND to end by itself.

    It is not cancelled at once: a connection to a database that is in the middle of something would be nobody's.
    """
    stopping = Stopping()
    task = asyncio.ensure_future(work(stopping))
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait({task}, timeout=LAST_ROUND)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
