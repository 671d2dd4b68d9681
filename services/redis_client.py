"""The Redis client of a process: a bounded pool, and no retries of its own."""

from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

_CONNECTIONS: Final = 64
_WAIT_SECONDS: Final = 0.25


def open_redis(url: str) -> Redis:
    """Return a client for a `redis://` URL; nothing is connected yet.

    Without retries: repeated by the client, a spend would meet itself. Time-outs are the caller's, per command: the
    client's own make every command dearer. Without maintenance notifications: with them the pool hands out connections
    that ended with the last Redis, and each would cost an attempt.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=_WAIT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,
        socket_connect_timeout=_WAIT_SECONDS,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis.from_pool(pool)
