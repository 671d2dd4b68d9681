"""The spend in Redis: one SET NX GET PX, and any answer but a clear one is no.

Redis is a store here, not a cache: `noeviction`, with an append-only file. The window is relative: an absolute
expiry in the past would be answered with "stored" while nothing is stored.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from common.errors import Unavailable

T = TypeVar("T")

PREFIX: Final = "sso:spent:"
_ATTEMPT_SECONDS: Final = 0.35
_ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True)
class RedisReplayGuard:
    """ReplayGuard on Redis 7.0 or newer. The client must not retry by itself: it would see its own spend as another's.

    A lost reply is asked for once more under the same attempt id: finding our own id means that the spend is ours.
    `prefix` is of the keys.
    """

    redis: Redis
    prefix: str = PREFIX

    async def spend(self, spend_key: str, window: timedelta) -> bool:
        """See `ReplayGuard`. Takes at most 0.7 seconds."""
        attempt, milliseconds = secrets.token_hex(16).encode(), int(window.total_seconds() * 1000)
        held = await _answer(
            lambda: self.redis.set(self.prefix + spend_key, attempt, nx=True, get=True, px=milliseconds)
        )
        return held is None or held == attempt

    async def is_spent(self, spend_key: str) -> bool:
        """See `ReplayGuard`. Takes at most 0.7 seconds."""
        return await _answer(lambda: self.redis.get(self.prefix + spend_key)) is not None


async def _answer(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what Redis answers to a command that may be sent twice. Raises Unavailable."""
    cause: Exception | None = None
    for _ in range(_ATTEMPTS):
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                return await ask()
        except (TimeoutError, RedisTimeoutError, RedisConnectionError, OSError) as error:
            cause = error
        except RedisError as error:  # out of memory, loading, read-only, wrong password
            raise Unavailable("the replay store", private=type(error).__name__) from None
    raise Unavailable("the replay store", private=type(cause).__name__)
