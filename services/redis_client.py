"""The Redis client of a process: a bounded pool, no retries of its own, and one question for all of one moment."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from hiredis import pack_command
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from common.store.together import Together

_CONNECTIONS: Final = 64
_CONNECT_SECONDS: Final = 0.25
_ANSWER_SECONDS: Final = 0.3
_LANES: Final = 4
"""Pipelines that can be under way at once: whoever waits for one has little time of their own."""

Arguments = tuple[Any, ...]
Command = tuple[Arguments, dict[str, Any]]


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

    async def eval_each(self, script: str, given: Sequence[Arguments]) -> Sequence[Any]:
        """Return the answers to a script that is run once for each of these keys and arguments, in one pipeline.

        `given` begin with the number of keys. An answer that is an error is returned as that.
        """
        return await self._send([(("EVAL", script, *arguments), {}) for arguments in given])

    async def _send(self, commands: Sequence[Command]) -> Sequence[Any]:
        """Return the answers to a pipeline. It is written and read here, as the library's own takes thrice the time."""
        packed = b"".join(_packed(args) for args, _ in commands)
        async with asyncio.timeout(_ANSWER_SECONDS):
            connection = await self.connection_pool.get_connection()  # type: ignore[no-untyped-call]  # the library's
            try:
                await connection.send_packed_command(packed)
                return [await self._answer(connection, args[0], options) for args, options in commands]
            except BaseException:
                await connection.disconnect(nowait=True)  # what is not read yet would answer whoever has it next
                raise
            finally:
                await self.connection_pool.release(connection)

    async def _answer(self, connection: Any, name: str, options: dict[str, Any]) -> Any:  # noqa: ANN401 - the library's
        try:
            return await self.parse_response(connection, name, **options)
        except ReadOnlyError:  # it has become a replica: on another connection there may be who can write
            raise
        except ResponseError as error:
            return error


def _packed(args: Arguments) -> bytes:
    """Return a command as it is sent. The library gives some of them a name of two words."""
    packed: bytes = pack_command((*str(args[0]).split(), *args[1:]))
    return packed


def open_redis(url: str) -> TogetherRedis:
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
