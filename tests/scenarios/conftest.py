"""What the scenarios share besides the world."""

from collections.abc import AsyncIterator

import pytest

from tests.support.bench import Bench, set_up_bench
from tests.support.state import changed, state_of
from tests.support.world import World


@pytest.fixture(scope="session")
async def bench(world: World) -> Bench:
    """A company that attackers try their tokens on; a test may launch at it, and changes nothing of its keys."""
    return await set_up_bench(world)


@pytest.fixture
async def nothing_changes(bench: Bench) -> AsyncIterator[None]:
    """What a test does with the bench is all refused, and so changes nothing that is kept."""
    before = await state_of(bench.world)
    yield
    assert not await changed(bench.world, before)
