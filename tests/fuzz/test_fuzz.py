"""A small run; `make fuzz` is the large one."""

from collections.abc import AsyncIterator

import pytest

from tests.fuzz.run import Run
from tests.support.bench import Bench, set_up_bench
from tests.support.servers.redis_server import RedisServer
from tests.support.world import open_world

SEED = 20261122


@pytest.fixture
async def alone(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A bench in a service whose clock this test moves."""
    folder = tmp_path_factory.mktemp("fuzz")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", redis_server.url) as opened:
        yield await set_up_bench(opened)


async def test_nothing_but_the_untouched_token_is_accepted_and_nothing_makes_a_500(alone: Bench) -> None:
    report = await Run(alone, alone.world.app, SEED, batches=8, requests_of_a_batch=25).run()

    assert (report.tokens, report.requests) == (640, 200)
    assert report.untouched > 6
    assert report.statuses["a company's token", 401] > 100  # they came as far as they should
    assert len({status for kind, status in report.statuses if kind == "a request"}) > 8
