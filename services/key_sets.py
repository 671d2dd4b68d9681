"""Keeping companies' key sets fresh: a look each second for those that are due, as one is when a token asked for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from common.errors import Unavailable
from keys.key_sets.service import KeySets
from services.rounds import Stopping, beside

INTERVAL: Final = 1.0
"""Seconds between two looks."""

_log = structlog.get_logger("keys")


@asynccontextmanager
async def refreshing_key_sets(sets: KeySets) -> AsyncIterator[None]:
    """Refresh for as long as the context lasts; a look that fails is logged, and the next one tries again."""
    async with beside(lambda stopping: _looks(sets, stopping)):
        yield


async def _looks(sets: KeySets, stopping: Stopping) -> None:
    while not await stopping.within(INTERVAL):
        try:
            await sets.refresh_due()
        except* Exception as group:  # what a company publishes must not end this for all others
            for error in group.exceptions:
                _say(error)


def _say(error: Exception) -> None:
    if isinstance(error, Unavailable):
        _log.warning("key sets not refreshed", cause=error.private)
    else:
        _log.error("key sets not refreshed", cause=type(error).__name__, exc_info=error)
