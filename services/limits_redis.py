"""Counting in Redis, over all processes: fixed windows of a minute."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from redis.exceptions import RedisError

from common.errors import RateLimited
from common.limits import Counted
from common.store.together import Together
from services.redis_client import Arguments, TogetherRedis

_PREFIX: Final = "sso:limit:"
_SECONDS: Final = 0.2
_PAUSE: Final = 1.0
"""Seconds without asking a Redis that did not answer: a launch has a second in all, and the spend comes after this."""

_ROOM: Final = (0, 0)
"""What _COUNT returns where there is room."""

_REMEMBERED: Final = 10_000
"""Callers that are remembered to have been told to wait."""

_COUNT: Final = """
for number, key in ipairs(KEYS) do
    local most, counts = tonumber(ARGV[2 * number - 1]), ARGV[2 * number] == '1'
    local count = counts and redis.call('INCRBY', key, 1) or tonumber(redis.call('GET', key) or '0') + 1
    if counts and count == 1 then redis.call('EXPIRE', key, 60) end
    if count > most then return {number, redis.call('PTTL', key)} end
end
return {0, 0}
"""
"""Go through windows of a minute, each with what it holds at most; count in one, or look whether it has room for one.

Return the number of the first one without room, and in how many milliseconds it has.
"""

_log = structlog.get_logger("limits")


class RedisLimiter:
    """`Limiter` on Redis. Where Redis does not answer it lets pass, and says so in the log."""

    def __init__(self, redis: TogetherRedis, per_minute: Mapping[Counted, int]) -> None:
        """Count in `redis`; `per_minute` is how many of each are allowed."""
        self._redis = redis
        self._refusal = _windows(per_minute, (Counted.REFUSALS, True))
        self._admission = {one: _windows(per_minute, (Counted.REFUSALS, False), (one, True)) for one in per_minute}
        self._counting = Together(self._count)
        self._silent_until = 0.0
        self._waiting: dict[tuple[Counted, str], float] = {}

    async def admit(self, counted: Counted, who: str) -> None:
        """See `Limiter`. Takes at most a fifth of a second, once it is its turn."""
        self._require_room(counted, who)
        self._require_room(Counted.REFUSALS, who)
        limited = await self._without_room(who, self._admission[counted])
        if limited is not None:
            raise limited

    async def refused(self, who: str) -> None:
        """See `Limiter`. Takes at most a fifth of a second."""
        await self._without_room(who, self._refusal)

    def require_not_told(self, who: str) -> None:
        """See `Limiter`."""
        self._require_room(Counted.REFUSALS, who)

    async def _without_room(self, who: str, windows: "_Windows") -> RateLimited | None:
        """Look whether there is room for one more in these windows, counting it where that is said."""
        # In braces what a cluster goes by (hash tag): both keys of a command have to be on one of its nodes.
        keys = [f"{_PREFIX}{{{who}}}:{name}" for name in windows.names]
        number, milliseconds = await self._counting.ask((len(keys), *keys, *windows.given))
        if not number:
            return None
        seconds = max(1, math.ceil(milliseconds / 1000))
        self._remember(Counted(windows.names[number - 1]), who, seconds)
        return RateLimited(seconds)

    def _require_room(self, counted: Counted, who: str) -> None:
        """Raise RateLimited again, without asking, for whoever was told to wait: a flood costs Redis nothing."""
        if not self._waiting:
            return
        left = self._waiting.get((counted, who), 0.0) - time.monotonic()
        if left > 0:
            raise RateLimited(math.ceil(left))

    def _remember(self, counted: Counted, who: str, seconds: int) -> None:
        now = time.monotonic()
        if len(self._waiting) >= _REMEMBERED:
            self._waiting = {told: until for told, until in self._waiting.items() if until > now}
        if len(self._waiting) < _REMEMBERED:
            self._waiting[counted, who] = now + seconds

    async def _count(self, asked: Sequence[Arguments]) -> Sequence[tuple[int, int]]:
        """Return what Redis answers to _COUNT, for each who asked; if it does not, that there is room."""
        if time.monotonic() < self._silent_until:
            return [_ROOM] * len(asked)
        try:
            async with asyncio.timeout(_SECONDS):
                answers = await self._redis.eval_each(_COUNT, asked)
        except (RedisError, TimeoutError, OSError) as error:
            self._silent_until = time.monotonic() + _PAUSE
            _log.warning("not counted", cause=type(error).__name__)
            return [_ROOM] * len(asked)
        for fault in (answer for answer in answers if isinstance(answer, Exception)):
            _log.warning("not counted", cause=type(fault).__name__)
        return [_ROOM if isinstance(answer, Exception) else answer for answer in answers]


@dataclass(frozen=True, slots=True)
class _Windows:
    """Windows by the names of what they count, and what _COUNT is given for them."""

    names: Sequence[str]
    given: Sequence[int]


def _windows(per_minute: Mapping[Counted, int], *windows: tuple[Counted, bool]) -> _Windows:
    """Return these windows; in one with True the question itself is counted."""
    given = [figure for counted, counts in windows for figure in (per_minute[counted], int(counts))]
    return _Windows([counted.value for counted, _ in windows], given)
