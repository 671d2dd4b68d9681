"""Keeping our own keys: once a second, so that what an operator or another instance did counts here a second later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from common.errors import SettingsError, Unavailable
from services.wiring import Rings

INTERVAL: Final = 1.0
"""Seconds between two looks."""

_log = structlog.get_logger("keys")


@asynccontextmanager
async def keeping_rings(rings: Rings) -> AsyncIterator[None]:
    """Keep the rings for as long as the context lasts; a look that fails is logged, and the next one tries again."""
    task = asyncio.create_task(_looks(rings))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _looks(rings: Rings) -> None:
    while True:
        await asyncio.sleep(INTERVAL)
        try:
            for ring in (rings.access, rings.sso):
                await rings.keeper.keep(ring)
        except (Unavailable, SettingsError) as error:
            _log.warning("keys not looked at", cause=type(error).__name__)
