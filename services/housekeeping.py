"""Regular cleaning: spends and revocations of what no clock could accept any more, and sessions that are over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from common.clock import Clock
from common.errors import Unavailable
from common.sql import Database
from identity.companies import store_sql as companies
from identity.patients import store_sql as patients
from services.rounds import Stopping, beside
from sso.launch import store_sql as launches
from sso.verifier import store_sql as assertions

INTERVAL: Final = 600.0
"""Seconds between two rounds."""

_log = structlog.get_logger("housekeeping")


@asynccontextmanager
async def housekeeping(database: Database, clock: Clock) -> AsyncIterator[None]:
    """Clean for as long as the context lasts; a round that fails is logged, and the next one tries again."""
    async with beside(lambda stopping: _rounds(database, clock, stopping)):
        yield


async def clean(database: Database, clock: Clock) -> None:
    """Clean once. Raises Unavailable."""
    now = clock()
    await launches.purge(database, now)
    await patients.purge(database, now)
    await companies.purge(database, now)
    await assertions.purge(database, now)


async def _rounds(database: Database, clock: Clock, stopping: Stopping) -> None:
    while not stopping.is_set():
        try:
            await clean(database, clock)
        except Exception as error:  # whatever it is, the next round must come
            _log.warning(
                "cleaning failed", cause=error.private if isinstance(error, Unavailable) else repr(type(error))
            )
        await stopping.within(INTERVAL)
