"""A TCP proxy that carries every request to the server and loses the first replies on their way back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from tests.support.servers.loopback import HOST

Loss = Literal["close", "hang"]


@dataclass
class LossyProxy:
    """Loses the replies to the first `losses` requests that hold `word`: ends the connection, or leaves it silent."""

    target: int
    word: bytes
    losses: int
    then: Loss
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        server_in, server_out = await asyncio.open_connection(HOST, self.target)
        lost = asyncio.Event()
        carriers = [
            asyncio.create_task(self._requests(client_in, server_out, lost)),
            asyncio.create_task(self._replies(server_in, client_out, lost)),
        ]
        self._tasks.update(carriers)
        with suppress(ConnectionError):
            await asyncio.wait(carriers, return_when=asyncio.FIRST_COMPLETED)
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)
        self._tasks.difference_update(carriers)
        server_out.close()
        client_out.close()

    async def _requests(
        self, client_in: asyncio.StreamReader, server_out: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while request := await client_in.read(65536):
            if self.word in request and self.losses:
                self.losses -= 1
                lost.set()
            server_out.write(request)

    async def _replies(
        self, server_in: asyncio.StreamReader, client_out: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while reply := await server_in.read(65536):
            if not lost.is_set():
                client_out.write(reply)
            elif self.then == "close":
                return

    def end(self) -> None:
        """Cut every connection that is still open."""
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def losing_replies(target: int, word: bytes, *, losses: int, then: Loss) -> AsyncIterator[LossyProxy]:
    """Give a proxy of the server at port `target`, listening on `port`."""
    proxy = LossyProxy(target, word, losses, then)
    server = await asyncio.start_server(proxy.serve, HOST, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy
        server.close()
        proxy.end()
