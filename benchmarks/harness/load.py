"""Many requests to one server on this machine, so many under way at a time, over connections that are kept.

Written on the event loop's own protocols, as a client library would take more processor time than the server does.
"""

import asyncio
import gc
import http
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import uvloop

from tests.support.servers.loopback import HOST

_HEAD_END: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """How it went: seconds in all, the seconds of each answer in rising order, and their bodies if they were kept.

    `unavailable` is how many were answered by 503, and are nowhere else.
    """

    seconds: float
    latencies: Sequence[float]
    unavailable: int
    bodies: Sequence[bytes] = ()


def request(
    method: str, path: str, body: bytes = b"", *, host: str = "sso.example", headers: dict[str, str] | None = None
) -> bytes:
    """Return a request as it goes over the wire."""
    given = {"Host": host, "Accept": "application/json", **({"Content-Length": str(len(body))} if body else {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (given | (headers or {})).items())]
    return "\r\n".join(lines).encode() + _HEAD_END + body


def drive(
    port: int, requests: Sequence[bytes], in_flight: int, expected: Collection[int], *, keep: bool = False
) -> Load:
    """Send all of the requests, and wait for their answers.

    Raises RuntimeError for a status that is not expected, but not for 503: a server may say that it is too busy.
    """
    run = _Run(deque(requests), frozenset(expected), keep=keep)
    gc.collect()
    gc.disable()
    try:
        seconds = uvloop.run(_drive(port, run, in_flight))
    finally:
        gc.enable()
    if run.failure:
        raise RuntimeError(run.failure)
    return Load(seconds, sorted(run.latencies), run.unavailable, run.bodies)


@dataclass(slots=True)
class _Run:
    waiting: deque[bytes]
    expected: frozenset[int]
    keep: bool
    latencies: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    unavailable: int = 0
    failure: str = ""

    def fail(self, why: str) -> None:
        """Send nothing more, and keep the first reason."""
        self.failure = self.failure or why
        self.waiting.clear()


async def _drive(port: int, run: _Run, in_flight: int) -> float:
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(min(in_flight, len(run.waiting))):
        _, connection = await loop.create_connection(lambda: _Connection(run, loop), HOST, port)
        connections.append(connection)
    began = time.perf_counter()
    for connection in connections:
        connection.send()
    await asyncio.gather(*(connection.done for connection in connections))
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return seconds


class _Connection(asyncio.Protocol):
    """One connection: a request, its whole answer, the next request."""

    def __init__(self, run: _Run, loop: asyncio.AbstractEventLoop) -> None:
        self._run = run
        self._transport: asyncio.WriteTransport
        self._received = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def send(self) -> None:
        if not self._run.waiting:
            if not self.done.done():
                self.done.set_result(None)
            return
        message = self._run.waiting.popleft()
        self._sent = time.perf_counter()
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(_HEAD_END)
        if end and _complete(head, body):
            self._received = b""
            self._answered(int(head[9:12]), body)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._run.fail(f"the server closed a connection: {exc}")
            self.done.set_result(None)

    def close(self) -> None:
        self._transport.close()

    def _answered(self, status: int, body: bytes) -> None:
        if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            self._run.unavailable += 1
            self.send()
            return
        self._run.latencies.append(time.perf_counter() - self._sent)
        if status not in self._run.expected:
            self._run.fail(f"{status}: {body[:500].decode(errors='replace')}")
        if self._run.keep:
            self._run.bodies.append(body)
        self.send()


def _complete(head: bytes, body: bytes) -> bool:
    lowered = head.lower()
    _, announced, rest = lowered.partition(b"content-length:")
    if announced:
        return len(body) >= int(rest.partition(b"\r\n")[0])
    return body.endswith(_LAST_CHUNK) if b"transfer-encoding: chunked" in lowered else True
