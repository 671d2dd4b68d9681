"""One connection to the server's reader of HTTP, to the octet: what the application was asked, and what came back."""

import asyncio
import re
from typing import NamedTuple

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from services.http_protocol import HttpProtocol

_TURNS = 20
"""Of the event loop: more than the longest row of requests here takes, one after the other."""


class Asked(NamedTuple):
    """A request as the application has it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closed:
            self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Connection:
    """A connection. `asked` are the requests in their order, `statuses` the answers, `ended` whether it was the server
    that ended it.

    An `early` answer comes before the body was read. `halfway` answers stop after their first octet of two, until the
    connection ends.
    """

    def __init__(self, *, halfway: bool = False, early: bool = False) -> None:
        self._halfway = halfway
        self._early = early
        self.asked: list[Asked] = []
        self.ended = False
        self._wire = _Wire()
        self._state = ServerState()
        config = uvicorn.Config(self._answer, interface="asgi3", proxy_headers=False, log_config=None, ws="none")
        self._protocol = HttpProtocol(config, self._state, {})
        self._protocol.connection_made(self._wire)

    async def send(self, *pieces: bytes) -> None:
        """Let these pieces arrive one after the other, as long as it is open, and what they ask be answered."""
        for piece in pieces:
            if not self._wire.closed:
                self._protocol.data_received(piece)
            await asyncio.sleep(0)  # the application's turn
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        self.ended = self._wire.closed
        self._protocol.connection_lost(None)
        while self._state.tasks:
            await asyncio.gather(*self._state.tasks)

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", self._wire.written)]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", not self._early
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        self.asked.append(Asked(scope["method"], scope["path"], headers, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        if self._halfway:
            await receive()
        await send({"type": "http.response.body", "body": b"k"})
