"""The tokens that the simulated EHR keeps for their pages. Scenarios have the rest."""

import pytest

from common.errors import Unavailable
from keys.sealing import Sealer
from services.demo.signed_tokens import SignedToken, SignedTokens
from services.redis_client import open_redis
from tests.support.servers.redis_server import RedisServer

SIGNED = SignedToken("a.b.c", "the company", "rsa", "none", "1", has_dossier=True)


async def test_a_token_is_found_under_its_name_by_whoever_has_the_sealing_key(redis_server: RedisServer) -> None:
    redis = open_redis(redis_server.url)
    kept = SignedTokens(redis, Sealer(bytes(32)))
    name = await kept.keep(SIGNED)
    assert await SignedTokens(redis, Sealer(bytes(32))).find(name) == SIGNED
    assert await kept.find(name.swapcase()) is None
    assert await SignedTokens(redis, Sealer(bytes(31) + b"x")).find(name) is None
    await redis.aclose()


async def test_where_nothing_can_be_kept_the_answer_is_that_it_is_unavailable() -> None:
    redis = open_redis("redis://127.0.0.1:1")
    tokens = SignedTokens(redis, Sealer(bytes(32)))
    with pytest.raises(Unavailable):
        await tokens.keep(SIGNED)
    with pytest.raises(Unavailable):
        await tokens.find("x")
    await redis.aclose()
