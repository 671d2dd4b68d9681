"""Counting in Redis, over all processes: fixed windows of a minute."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.clock import wall_clock
from common.errors import RateLimited
from common.limits import Counted

T = TypeVar("T")

_SECONDS: Final = 0.2
_PAUSE: Final = 1.0
"""Seconds without asking a Redis that did not answer: a launch has a second in all, and the spend comes after this."""

_AT_ONCE: Final = 16
_REMEMBERED: Final = 10_000
"""Callers that are remembered to have been told to wait."""

_log = structlog.get_logger("limits")


class RedisLimiter:
    """`Limiter` on Redis. Where Redis does not answer it lets pass, and says so in the log."""

    def __init__(self, redis: Redis, per_minute: Mapping[Counted, int]) -> None:
        """Count through the pool of `redis`; `per_minute` is how many of each are allowed."""
        pool: Any = redis.connection_pool
        storage = RedisStorage("redis://", implementation="redispy", key_prefix="sso:limit", connection_pool=pool)
        self._strategy = FixedWindowRateLimiter(storage)
        self._items = {counted: RateLimitItemPerMinute(per_minute[counted]) for counted in Counted}
        self._asking = asyncio.Semaphore(_AT_ONCE)
        self._silent_until = 0.0
        self._waiting: dict[tuple[Counted, str], float] = {}

    async def admit(self, counted: Counted, who: str) -> None:
        """See `Limiter`. Takes at most a fifth of a second, once it is its turn."""
        self._require_room(counted, who)
        self._require_room(Counted.REFUSALS, who)
        room = await self._answer(lambda: self._room(counted, who))
        if room is not None and not all(room):
            raise await self._limited(counted if room[0] else Counted.REFUSALS, who)

    async def refused(self, who: str) -> None:
        """See `Limiter`. Takes at most a fifth of a second."""
        item = self._items[Counted.REFUSALS]
        if await self._answer(lambda: self._strategy.hit(item, Counted.REFUSALS.value, who)) is False:
            await self._limited(Counted.REFUSALS, who)

    def require_not_told(self, who: str) -> None:
        """See `Limiter`."""
        self._require_room(Counted.REFUSALS, who)

    async def _room(self, counted: Counted, who: str) -> tuple[bool, bool]:
        """Return whether there is room for another refusal, and for one more of what is counted."""
        refusable = await self._strategy.test(self._items[Counted.REFUSALS], Counted.REFUSALS.value, who)
        return refusable, refusable and await self._strategy.hit(self._items[counted], counted.value, who)

    async def _limited(self, counted: Counted, who: str) -> RateLimited:
        item = self._items[counted]
        stats = await self._answer(lambda: self._strategy.get_window_stats(item, counted.value, who))
        seconds = max(1, math.ceil(stats.reset_time - wall_clock().timestamp())) if stats else 1
        self._remember(counted, who, seconds)
        return RateLimited(seconds)

    def _require_room(self, counted: Counted, who: str) -> None:
        """Raise RateLimited again, without asking, for whoever was told to wait: a flood costs Redis nothing."""
        left = self._waiting.get((counted, who), 0.0) - time.monotonic()
        if left > 0:
            raise RateLimited(math.ceil(left))

    def _remember(self, counted: Counted, who: str, seconds: int) -> None:
        now = time.monotonic()
        if len(self._waiting) >= _REMEMBERED:
            self._waiting = {told: until for told, until in self._waiting.items() if until > now}
        if len(self._waiting) < _REMEMBERED:
            self._waiting[counted, who] = now + seconds

    async def _answer(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Return what Redis answers, None if it does not."""
        async with self._asking:  # waiting for a turn is our own business, and says nothing of Redis
            if time.monotonic() < self._silent_until:
                return None
            try:
                async with asyncio.timeout(_SECONDS):
                    return await ask()
            except (RedisError, TimeoutError, OSError) as error:
                self._silent_until = time.monotonic() + _PAUSE
                _log.warning("not counted", cause=type(error).__name__)
                return None
