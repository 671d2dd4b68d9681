"""Keeping our own keys: twice a second, so that what an operator or another instance did soon counts here too."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from keys.keeper import KeyKeeper
from keys.ring import KeyRing
from services.rounds import Stopping, beside
from services.wiring import Rings

INTERVAL: Final = 0.5
"""Seconds between two looks."""

GOOD: Final = 5.0
"""Seconds that keys are used which cannot be looked at (contract, section 2, "Bearer tokens")."""

_SECONDS: Final = 2.0
"""For a look, at least."""

_log = structlog.get_logger("keys")


@asynccontextmanager
async def keeping_rings(rings: Rings) -> AsyncIterator[None]:
    """Keep the rings for as long as the context lasts; a look that fails is logged, and the next one tries again."""
    access, sso = (Look(rings.keeper, ring) for ring in (rings.access, rings.sso))
    async with beside(access.again_and_again), beside(sso.again_and_again):
        yield


class Look:
    """Looks at the keys of one ring, and has it answer nobody when it could not for too long."""

    def __init__(self, keeper: KeyKeeper, ring: KeyRing, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is a clock that nobody sets."""
        self._keeper = keeper
        self._ring = ring
        self._seconds = seconds
        self._as_of = seconds()
        self._fault: str | None = None

    async def again_and_again(self, stopping: Stopping) -> None:
        """Look every INTERVAL seconds until the service stops."""
        while not await stopping.within(INTERVAL):
            await self.once()

    async def once(self) -> None:
        """Look once. Whatever goes wrong is logged the first time: a task that ended would leave us with old keys."""
        asked_at, replaced = self._seconds(), self._ring.replaced
        try:
            async with asyncio.timeout(max(self._as_of + GOOD - asked_at, _SECONDS)):
                await self._keeper.keep(self._ring)
        except Exception as error:
            self._tell(type(error).__name__)
        else:
            self._tell(None)
        if self._ring.replaced > replaced:  # the keys were read, whatever went wrong besides
            self._as_of = asked_at
        elif self._seconds() - self._as_of >= GOOD:
            self._ring.lose()

    def _tell(self, fault: str | None) -> None:
        if fault != self._fault:
            tell = _log.warning if fault else _log.info
            tell("keys not looked at" if fault else "keys looked at again", purpose=self._ring.purpose, cause=fault)
        self._fault = fault
