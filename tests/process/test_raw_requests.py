"""HTTP as no client of good will writes it: refused by the server, and nobody else notices (LIM-012, LIM-022)."""

import asyncio
import re
from contextlib import suppress

import httpx2
import pytest

from tests.support.demo_server import DemoServer
from tests.support.servers.loopback import HOST

HEAD = "Host: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
LAUNCH = f"POST /sso/launch HTTP/1.1\r\n{HEAD}"
UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"
IDLERS = 200

REFUSED: dict[str, str] = {
    "a length that is no number": f"{LAUNCH}Content-Length: two\r\n\r\n{{}}",
    "a length below zero": f"{LAUNCH}Content-Length: -1\r\n\r\n{{}}",
    "two lengths": f"{LAUNCH}Content-Length: 2\r\nContent-Length: 20\r\n\r\n{{}}",
    "a length and chunks": (
        f"{LAUNCH}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\nGET /metrics HTTP/1.1"
    ),
    "a folded header": f"{LAUNCH}X: a\r\n b\r\nContent-Length: 2\r\n\r\n{{}}",
    "lines that end with a line feed": f"{LAUNCH}Content-Length: 2\r\n\r\n{{}}".replace("\r", ""),
    "a carriage return in a header": f"{LAUNCH}X: a\rContent-Length: 2\r\n\r\n{{}}",
    "an absolute address": "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a path without a slash": "GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an address that is a host": "GET @evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a fragment": "GET /healthz#x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tunnel": "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "chunks and another coding": f"{LAUNCH}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "a chunk whose size is no number": f"{LAUNCH}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n",
    "a chunk of a size without end": f"{LAUNCH}Transfer-Encoding: chunked\r\n\r\n{'f' * 30}\r\n{{}}\r\n0\r\n\r\n",
    "a header without a name": f"{LAUNCH}: x\r\n\r\n",
    "a space before the colon": f"{LAUNCH}Content-Length : 2\r\n\r\n{{}}",
    "a header of a megabyte": f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 1_000_000}\r\n\r\n",
    "a megabyte of headers": "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n" * 200_000 + "\r\n",
    "a megabyte after a chunk's size": f"{LAUNCH}{CHUNKED}2;{'x' * 1_000_000}\r\n{{}}\r\n0\r\n\r\n",
    "a megabyte of trailers": f"{LAUNCH}{CHUNKED}2\r\n{{}}\r\n0\r\n" + "X: y\r\n" * 200_000 + "\r\n",
    "NUL in a header": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
    "no host": "GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "another protocol": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no version": "GET /healthz\r\n\r\n",
    "a space in the path": "GET /healthz x HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


async def ask(port: int, request: str) -> list[int]:
    """Return the statuses of all that comes back until the connection ends, or until the first answer is whole."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request.encode("latin-1"))
        with suppress(OSError):  # it has hung up already
            writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]
    except OSError:  # uvloop has no ConnectionError for one that is gone
        return []
    finally:
        writer.close()


async def test_the_same_by_the_book_is_answered(demo: DemoServer) -> None:
    assert await ask(demo.port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") == [200]
    assert await ask(demo.port, f"{LAUNCH}Content-Length: 2\r\n\r\n{{}}") == [422]
    assert await ask(demo.port, f"{LAUNCH}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n") == [422]


@pytest.mark.parametrize("attack", REFUSED)
async def test_what_is_no_request_is_refused_and_ends_the_connection(demo: DemoServer, attack: str) -> None:
    statuses = await ask(demo.port, REFUSED[attack])
    assert set(statuses) <= {400, 413, 431}
    assert len(statuses) <= 1


ONE_MEANING: dict[str, tuple[str, list[int]]] = {
    "two slashes": ("GET //healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", [404]),
    "a host with a path": ("GET / HTTP/1.1\r\nHost: localhost/healthz?x=\r\n\r\n", [400]),
    "a method that nobody has": (f"BREW /sso/launch HTTP/1.1\r\n{HEAD}\r\n", [405]),
    "another protocol is offered": (f"{LAUNCH}{UPGRADE}Content-Length: 2\r\n\r\n{{}}", [422]),
}


@pytest.mark.parametrize("attack", ONE_MEANING)
async def test_what_can_be_read_in_two_ways_opens_nothing_of_the_other(demo: DemoServer, attack: str) -> None:
    request, may = ONE_MEANING[attack]
    statuses = await ask(demo.port, request)
    assert len(statuses) == 1
    assert statuses[0] in may


async def test_two_hundred_who_send_half_a_request_hold_nobody_up(demo: DemoServer) -> None:
    """LIM-012; how long each may take is in `tests/unit/test_http_body.py`, and for the gateway in its tests."""
    halves = [f"{LAUNCH}Content-Length: 100\r\n\r\n{{", LAUNCH, "POST /sso/lau"]
    writers = []
    for number in range(IDLERS):
        _, writer = await asyncio.open_connection(HOST, demo.port)
        writer.write(halves[number % len(halves)].encode())
        writers.append(writer)
    async with httpx2.AsyncClient(base_url=demo.url) as client:
        for _ in range(5):
            assert (await client.get("/readyz")).status_code == 200
    for writer in writers:
        writer.close()
