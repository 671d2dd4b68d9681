"""What the scenarios share besides the world."""

import pytest

from tests.support.bench import Bench, set_up_bench
from tests.support.world import World


@pytest.fixture(scope="session")
async def bench(world: World) -> Bench:
    """A company that attackers try their tokens on; a test may launch at it, and changes nothing of its keys."""
    return await set_up_bench(world)
