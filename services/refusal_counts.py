"""Keeping the counted refusals: about once a second, and when the service stops."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from common.audit.counter import Key, RefusalCounter, RefusalStore
from common.errors import Unavailable

INTERVAL: Final = 1.0
"""Seconds between two rounds."""

_log = structlog.get_logger("audit")


class LoggedRefusals:
    """`RefusalStore` of a process without a database: a log line for each count, without the address."""

    async def add(self, counted: Sequence[tuple[Key, int]]) -> None:
        for key, times in counted:
            _log.info("refusals", minute=key.minute.isoformat(), cause=key.cause, times=times)


@asynccontextmanager
async def keeping_counts(counter: RefusalCounter, store: RefusalStore) -> AsyncIterator[None]:
    """Keep the counts for as long as the context lasts, and once more at its end."""
    stopping = asyncio.Event()
    task = asyncio.create_task(_rounds(counter, store, stopping))
    try:
        yield
    finally:
        stopping.set()  # not cancelled: a round that is under way would not know whether it was kept
        await task


async def _rounds(counter: RefusalCounter, store: RefusalStore, stopping: asyncio.Event) -> None:
    last = False
    while not last:
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL):
                await stopping.wait()
        last = stopping.is_set()  # looked at before the round, so that nothing counted until then is left out
        try:
            await counter.flush(store)
        except Exception as error:  # whatever it is, the next round must come
            _log.warning(
                "refusals not kept", cause=error.private if isinstance(error, Unavailable) else repr(type(error))
            )
