"""Redis without a client library: one connection, every command in flight at once, answers in order.

The floor's: it has no time-outs, no reconnecting and no Sentinel, all of which a service needs.
"""

import asyncio
from collections import deque
from typing import Any, cast
from urllib.parse import urlsplit

import hiredis


class Wire(asyncio.Protocol):
    """A connection to Redis."""

    def __init__(self) -> None:
        """Nothing is connected yet."""
        self._reader = hiredis.Reader()
        self._answers: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand out the answers that have come."""
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            waiting = self._answers.popleft()
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)

    def ask(self, *words: str | bytes | int) -> "asyncio.Future[Any]":
        """Return what a command will be answered."""
        self._transport.write(hiredis.pack_command(cast(Any, words)))
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        return answer


async def connect(url: str) -> Wire:
    """Return a connection for a `redis://:password@host:port/database` URL."""
    parts = urlsplit(url)
    _, wire = await asyncio.get_running_loop().create_connection(Wire, str(parts.hostname), int(parts.port or 0))
    await wire.ask("AUTH", parts.password or "")
    await wire.ask("SELECT", parts.path.strip("/") or "0")
    return wire
