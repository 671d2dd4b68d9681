"""Regular cleaning: spends and revocations of what no clock could accept any more, and sessions that are over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from common.clock import Clock
from common.errors import Unavailable
from common.sql import Database
from identity.companies import store_sql as companies
from identity.patients import store_sql as patients
from sso.launch import store_sql as launches
from sso.verifier import store_sql as assertions

INTERVAL: Final = 600.0
"""Seconds between two rounds."""

_LAST_ROUND: Final = 3.0
"""Seconds that a round has to end in when the service stops."""

_log = structlog.get_logger("housekeeping")


@asynccontextmanager
async def housekeeping(database: Database, clock: Clock) -> AsyncIterator[None]:
    """Clean for as long as the context lasts; a round that fails is logged, and the next one tries again."""
    stopping = asyncio.Event()
    task = asyncio.create_task(_rounds(database, clock, stopping))
    try:
        yield
    finally:
        stopping.set()  # not cancelled at once: a connection in the middle of something would be nobody's
        await asyncio.wait({task}, timeout=_LAST_ROUND)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def clean(database: Database, clock: Clock) -> None:
    """Clean once. Raises Unavailable."""
    now = clock()
    await launches.purge(database, now)
    await patients.purge(database, now)
    await companies.purge(database, now)
    await assertions.purge(database, now)


async def _rounds(database: Database, clock: Clock, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await clean(database, clock)
        except Exception as error:  # whatever it is, the next round must come
            _log.warning(
                "cleaning failed", cause=error.private if isinstance(error, Unavailable) else repr(type(error))
            )
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL):
                await stopping.wait()
