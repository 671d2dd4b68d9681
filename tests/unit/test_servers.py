"""The servers that other tests lean on: they start, answer, freeze, die and come back."""
# mypy: disable-error-code="import-untyped"

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest
from playwright.async_api import Browser
from redis.asyncio import Redis

from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_redis_answers_and_never_evicts(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.url) as client:
        assert await client.set("test:servers", "1", ex=10)
        assert (await client.info("memory"))["maxmemory_policy"] == "noeviction"


def test_redis_wants_its_password() -> None:
    with (
        RedisServer(private=True) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection,
    ):
        connection.sendall(b"GET anything\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


async def test_redis_freezes_and_keeps_its_data_through_a_kill() -> None:
    with RedisServer(appendonly=True, private=True) as server:
        async with Redis.from_url(server.url) as client:
            await client.set("kept", "yes")
            server.pause()
            pending = asyncio.ensure_future(client.get("kept"))
            done, _ = await asyncio.wait([pending], timeout=0.1)
            assert not done
            server.resume()
            assert await pending == b"yes"
        server.kill()
        server.start()
        async with Redis.from_url(server.url) as client:
            assert await client.get("kept") == b"yes"


async def test_postgres_copies_a_template(postgres_server: PostgresServer) -> None:
    template = await postgres_server.create_database()
    async with connected(template) as connection:
        await connection.execute("CREATE TABLE note AS SELECT 'copied' AS text")
    async with connected(await postgres_server.create_database(template)) as connection:
        assert await connection.fetchval("SELECT text FROM note") == "copied"


async def test_postgres_freezes_and_keeps_its_data_through_a_kill() -> None:
    with PostgresServer(private=True) as server:
        async with connected(server.url) as connection:
            await connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
            server.pause()
            pending = asyncio.ensure_future(connection.fetchval("SELECT text FROM note"))
            done, _ = await asyncio.wait([pending], timeout=0.1)
            assert not done
            server.resume()
            assert await pending == "kept"
        server.kill()
        server.start()
        async with connected(server.url) as connection:
            assert await connection.fetchval("SELECT text FROM note") == "kept"


def test_a_stopped_server_is_gone_with_its_data() -> None:
    with RedisServer(private=True) as server:
        pid, folder = server.pid, server.folder
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_only_our_own_servers_can_be_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_REDIS_URL", "redis://elsewhere.example/0")
    with RedisServer() as server:
        assert urlsplit(server.url).hostname == "elsewhere.example"
        with pytest.raises(RuntimeError, match="somebody else"):
            server.pause()


async def test_the_browser_shows_a_page(browser: Browser) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.set_content("<h1>Dag</h1>")
        assert await page.get_by_role("heading").inner_text() == "Dag"
