"""The Redis client of a process: a bounded pool, no retries of its own, and one question for all of one moment."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from common.store.together import Together

_CONNECTIONS: Final = 64
_CONNECT_SECONDS: Final = 0.25
_ANSWER_SECONDS: Final = 0.3
_LANES: Final = 4
"""Pipelines that can be under way at once: whoever waits for one has little time of their own."""

Command = tuple[tuple[Any, ...], dict[str, Any]]


class TogetherRedis(Redis):
    """Sends what is asked of it in one moment as one pipeline: a command by itself costs several times as much.

    A command is carried out at most once. Who gives up before its pipeline is sent has sent nothing; where a pipeline
    is not answered within _ANSWER_SECONDS, none of its callers is.
    """

    def __init__(self, pool: BlockingConnectionPool) -> None:
        super().__init__(connection_pool=pool)
        self.auto_close_connection_pool = True
        self._commands: Together[Command, Any] = Together(self._send, _LANES)

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - redis-py's own signature
        """Return Redis' answer, or raise it if it is an error."""
        answer = await self._commands.ask((args, options))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _send(self, commands: Sequence[Command]) -> Sequence[Any]:
        async with asyncio.timeout(_ANSWER_SECONDS), self.pipeline(transaction=False) as pipeline:
            for args, options in commands:
                pipeline.execute_command(*args, **options)
            return await pipeline.execute(raise_on_error=False)


def open_redis(url: str) -> Redis:
    """Return a client for a `redis://` URL; nothing is connected yet.

    Without retries: repeated by the client, a spend would meet itself. Time-outs are the caller's, per command: the
    client's own make every command dearer. Without maintenance notifications: with them the pool hands out connections
    that ended with the last Redis, and each would cost an attempt.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=_CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,
        socket_connect_timeout=_CONNECT_SECONDS,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return TogetherRedis(pool)
