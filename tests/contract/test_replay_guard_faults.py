"""Redis as it fails: no clear answer is no, within a second, and afterwards all is well without a restart."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from common.errors import Unavailable
from schemas.profiles import PROFESSIONAL
from services.redis_client import open_redis
from sso.verifier.replay_redis import RedisReplayGuard
from tests.support.lossy_proxy import Loss, losing_replies
from tests.support.races import at_once
from tests.support.servers.loopback import HOST, free_port
from tests.support.servers.redis_server import RedisServer

pytestmark = pytest.mark.alone  # they race, or answer within their time, on two cores

WINDOW = PROFESSIONAL.spend_window
DEBUG = ("--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024")


@pytest.fixture(scope="module")
def private_redis() -> Iterator[RedisServer]:
    """A Redis of this module's own: each test puts right what it breaks."""
    with RedisServer(*DEBUG, private=True) as server:
        yield server


@pytest.fixture
async def redis(private_redis: RedisServer) -> AsyncIterator[Redis]:
    client = open_redis(private_redis.url)
    yield client
    await client.aclose()


@pytest.fixture
def guard(redis: Redis) -> RedisReplayGuard:
    return RedisReplayGuard(redis)


@asynccontextmanager
async def guard_at(url: str) -> AsyncIterator[RedisReplayGuard]:
    client = open_redis(url)
    yield RedisReplayGuard(client)
    await client.aclose()


async def spend(guard: RedisReplayGuard, key: str = "") -> bool:
    return await guard.spend(key or uuid4().hex, WINDOW)


async def refuses_within_a_second(guard: RedisReplayGuard, key: str = "") -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        await spend(guard, key)
    assert time.monotonic() - began < 1.0
    assert caught.value.retry_after >= 1
    assert caught.value.private


async def test_a_redis_that_hangs_is_unavailable_and_good_again_when_it_goes_on(
    guard: RedisReplayGuard, private_redis: RedisServer
) -> None:
    assert await spend(guard)
    private_redis.pause()
    try:
        await refuses_within_a_second(guard)
        await at_once(20, lambda _: refuses_within_a_second(guard))
    finally:
        private_redis.resume()
    assert await spend(guard)


async def test_a_spend_that_redis_carried_out_late_is_accepted_by_nobody(
    guard: RedisReplayGuard, private_redis: RedisServer
) -> None:
    key = uuid4().hex
    assert await spend(guard)
    private_redis.pause()
    try:
        await refuses_within_a_second(guard, key)
    finally:
        private_redis.resume()
    assert sum([await spend(guard, key), await spend(guard, key)]) <= 1


async def test_a_redis_that_was_killed_is_unavailable_and_good_again_when_it_is_back() -> None:
    with RedisServer(private=True) as server:
        async with guard_at(server.url) as guard:
            assert await spend(guard)
            server.kill()
            await refuses_within_a_second(guard)
            server.start()
            assert await spend(guard)


async def test_nobody_at_the_address_is_unavailable() -> None:
    async with guard_at(f"redis://{HOST}:{free_port()}/0") as guard:
        await refuses_within_a_second(guard)


async def test_an_address_that_takes_connections_and_says_nothing_is_unavailable() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, HOST, 0)
    async with silent, guard_at(f"redis://{HOST}:{silent.sockets[0].getsockname()[1]}/0") as guard:
        await refuses_within_a_second(guard)
        silent.close()


async def test_a_wrong_password_is_unavailable_and_is_not_told(private_redis: RedisServer) -> None:
    for url in (private_redis.url.replace(private_redis.password, "secret"), f"redis://{HOST}:{private_redis.port}/0"):
        async with guard_at(url) as guard:
            with pytest.raises(Unavailable) as caught:
                await spend(guard)
            assert "secret" not in caught.value.detail + caught.value.private


async def command(redis: Any, *words: str) -> None:
    await redis.execute_command(*words)


Break = Callable[[Redis], Awaitable[object]]
STATES: dict[str, tuple[Break, Break]] = {
    "is full": (lambda redis: redis.config_set("maxmemory", 1), lambda redis: redis.config_set("maxmemory", 0)),
    "has become a replica": (lambda redis: redis.replicaof(HOST, "1"), lambda redis: redis.replicaof("NO", "ONE")),
    "lacks the replicas it must write to": (
        lambda redis: redis.config_set("min-replicas-to-write", 1),
        lambda redis: redis.config_set("min-replicas-to-write", 0),
    ),
    "allows us to read alone": (
        lambda redis: command(redis, "ACL", "SETUSER", "default", "-set"),
        lambda redis: command(redis, "ACL", "SETUSER", "default", "+set"),
    ),
}


@pytest.mark.parametrize(("break_it", "mend_it"), STATES.values(), ids=STATES)
async def test_a_redis_is_unavailable_that(
    guard: RedisReplayGuard, redis: Redis, break_it: Break, mend_it: Break
) -> None:
    key = uuid4().hex
    await break_it(redis)
    try:
        await refuses_within_a_second(guard, key)
    finally:
        await mend_it(redis)
    assert await spend(guard, key) is True


async def test_a_redis_that_is_still_loading_is_unavailable(
    guard: RedisReplayGuard, private_redis: RedisServer
) -> None:
    async with Redis.from_url(private_redis.url) as operator:  # one who waits longer than we do
        await operator.mset({f"filling:{number}": "x" * 1024 for number in range(300)})
        await operator.config_set("key-load-delay", 2_000)
        reload = asyncio.create_task(command(operator, "DEBUG", "RELOAD"))
        try:
            while not (await operator.info("persistence"))["loading"] and not reload.done():
                pass
            assert not reload.done()
            await refuses_within_a_second(guard)
            await operator.config_set("key-load-delay", 0)
        finally:
            await reload
    assert await spend(guard)


def through(port: int, server: RedisServer) -> str:
    return f"redis://:{server.password}@{HOST}:{port}/0"


@pytest.mark.parametrize("then", ["close", "hang"])
async def test_who_lost_the_reply_knows_his_own_spend_again(private_redis: RedisServer, then: Loss) -> None:
    key = uuid4().hex
    async with (
        losing_replies(private_redis.port, b"sso:spent:", losses=1, then=then) as proxy,
        guard_at(through(proxy.port, private_redis)) as guard,
    ):
        assert await spend(guard, key) is True
        assert proxy.losses == 0
        assert await spend(guard, key) is False


@pytest.mark.parametrize("then", ["close", "hang"])
async def test_who_lost_every_reply_accepts_nothing_and_neither_does_the_next(
    private_redis: RedisServer, guard: RedisReplayGuard, then: Loss
) -> None:
    key = uuid4().hex
    async with (
        losing_replies(private_redis.port, b"sso:spent:", losses=2, then=then) as proxy,
        guard_at(through(proxy.port, private_redis)) as behind_proxy,
    ):
        await refuses_within_a_second(behind_proxy, key)
        assert proxy.losses == 0
        assert await spend(behind_proxy, key) is False
    assert await spend(guard, key) is False


async def test_a_replay_whose_reply_is_lost_is_still_a_replay(
    private_redis: RedisServer, guard: RedisReplayGuard
) -> None:
    key = uuid4().hex
    assert await spend(guard, key)
    async with (
        losing_replies(private_redis.port, b"sso:spent:", losses=1, then="close") as proxy,
        guard_at(through(proxy.port, private_redis)) as behind_proxy,
    ):
        assert await spend(behind_proxy, key) is False
        assert proxy.losses == 0
