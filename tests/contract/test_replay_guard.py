"""The guard against replay, in memory and in Redis: of all that spend one key within the window, one is the first."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from schemas.profiles import PROFESSIONAL
from services.redis_client import open_redis
from sso.verifier.replay import ReplayGuard
from sso.verifier.replay_redis import PREFIX, RedisReplayGuard
from tests.support.clock import SetClock
from tests.support.memory import MemoryReplayGuard
from tests.support.races import at_once
from tests.support.servers.redis_server import RedisServer

WINDOW = PROFESSIONAL.spend_window


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = open_redis(redis_server.url)
    yield client
    await client.aclose()


@pytest.fixture(params=["memory", "redis"])
def guard(request: pytest.FixtureRequest, redis: Redis) -> ReplayGuard:
    return MemoryReplayGuard(SetClock()) if request.param == "memory" else RedisReplayGuard(redis)


def fresh_key() -> str:
    return uuid4().hex


async def test_the_first_spend_wins_and_every_later_one_loses(guard: ReplayGuard) -> None:
    key = fresh_key()
    assert await guard.spend(key, WINDOW) is True
    assert [await guard.spend(key, WINDOW) for _ in range(3)] == [False] * 3


async def test_a_key_is_spent_from_the_first_spend_and_asking_spends_nothing(guard: ReplayGuard) -> None:
    key = fresh_key()
    assert [await guard.is_spent(key) for _ in range(2)] == [False, False]
    assert await guard.spend(key, WINDOW) is True
    assert [await guard.is_spent(asked) for asked in (key, key.upper(), fresh_key())] == [True, False, False]
    assert await guard.spend(key, WINDOW) is False


async def test_another_key_is_another_spend(guard: ReplayGuard) -> None:
    key = fresh_key()
    assert [await guard.spend(other, WINDOW) for other in (key, f"{key} ", key.upper() + "X", "", "é")][:3] == [
        True
    ] * 3


@pytest.mark.parametrize("round_", range(5))
async def test_of_fifty_at_once_one_wins(guard: ReplayGuard, round_: int) -> None:
    key = f"{fresh_key()} {round_}"
    assert sorted(await at_once(50, lambda _: guard.spend(key, WINDOW))) == [False] * 49 + [True]


async def test_of_fifty_at_once_over_two_clients_one_wins(redis_server: RedisServer) -> None:
    clients = [open_redis(redis_server.url) for _ in range(2)]
    guards, key = [RedisReplayGuard(client) for client in clients], fresh_key()
    assert sum(await at_once(50, lambda number: guards[number % 2].spend(key, WINDOW))) == 1
    await asyncio.gather(*(client.aclose() for client in clients))


async def test_ten_keys_at_once_have_ten_winners(guard: ReplayGuard) -> None:
    keys = [fresh_key() for _ in range(10)]
    won = await at_once(50, lambda number: guard.spend(keys[number % 10], WINDOW))
    assert sum(won) == 10


async def test_memory_forgets_a_spend_when_its_window_is_over_and_not_before() -> None:
    clock, key = SetClock(), fresh_key()
    guard = MemoryReplayGuard(clock)
    answers = []
    for seconds in (0, WINDOW.total_seconds() - 1, 1):
        clock.forward(seconds=seconds)
        answers.append(await guard.spend(key, WINDOW))
    assert answers == [True, False, True]


async def test_redis_keeps_a_spend_for_its_whole_window(redis: Redis) -> None:
    key = fresh_key()
    await RedisReplayGuard(redis).spend(key, WINDOW)
    left = timedelta(milliseconds=await redis.pttl(PREFIX + key))
    assert WINDOW - timedelta(seconds=5) < left <= WINDOW


async def test_a_replay_does_not_change_the_window_nor_what_is_kept(redis: Redis) -> None:
    key, guard = fresh_key(), RedisReplayGuard(redis)
    await guard.spend(key, timedelta(seconds=60))
    kept = await redis.get(PREFIX + key)
    assert await guard.spend(key, timedelta(hours=1)) is False
    assert await redis.get(PREFIX + key) == kept
    assert 0 < await redis.pttl(PREFIX + key) <= 60_000


async def test_redis_holds_a_digest_and_a_random_attempt_and_nothing_else(redis: Redis) -> None:
    guard, keys = RedisReplayGuard(redis), [fresh_key(), fresh_key()]
    for key in keys:
        await guard.spend(key, WINDOW)
    attempts = {str(await redis.get(PREFIX + key)) for key in keys}
    assert len(attempts) == 2
    assert all(re.fullmatch(r"b'[0-9a-f]{32}'", attempt) for attempt in attempts)
