"""Redis Cluster would carry what we ask: no command needs two of its slots, for then it refuses."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis as SyncRedis

from common.errors import RateLimited
from common.limits import Counted
from schemas.profiles import PROFESSIONAL
from services.limits_redis import RedisLimiter
from services.redis_client import TogetherRedis, open_redis
from sso.verifier.replay_redis import RedisReplayGuard
from tests.support.servers.redis_server import RedisServer

WINDOW = PROFESSIONAL.spend_window


@pytest.fixture(scope="module")
def node() -> Iterator[RedisServer]:
    """A cluster of one node, which has all slots."""
    with RedisServer("--cluster-enabled", "yes", private=True) as server:
        with SyncRedis.from_url(server.url) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
            while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                pass  # for a second or two
        yield server


@pytest.fixture
async def redis(node: RedisServer) -> AsyncIterator[TogetherRedis]:
    client = open_redis(node.url)
    yield client
    await client.aclose()


async def test_a_spend_and_a_question_about_it_need_one_slot(redis: TogetherRedis) -> None:
    guard = RedisReplayGuard(redis)
    assert await guard.spend("one", WINDOW) is True
    assert await guard.is_spent("one") is True


async def test_counting_needs_one_slot_and_goes_on_counting(redis: TogetherRedis) -> None:
    limiter = RedisLimiter(redis, dict.fromkeys(Counted, 1))
    await limiter.admit(Counted.LAUNCHES, "somebody")
    with pytest.raises(RateLimited):  # where Redis refuses the command, everybody is let through
        await limiter.admit(Counted.LAUNCHES, "somebody")
    for _ in range(2):
        await limiter.refused("another")
    with pytest.raises(RateLimited):
        await limiter.admit(Counted.TOKEN_REQUESTS, "another")
