"""What every test may ask for. The servers start when the first test asks for them, and end with the run."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.servers.chromium import FLAGS, environment, find_chromium
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.world import World, open_world


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis all tests share: do not stop it, and expect other tests' keys."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
async def postgres_server() -> AsyncIterator[PostgresServer]:
    """A PostgreSQL all tests share: make a database of your own in it, and do not stop it."""
    with PostgresServer() as server:
        yield server
        await server.drop_databases()


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A running Chromium all tests share: make a context of your own in it."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=find_chromium(), args=[*FLAGS], env=environment(tmp_path_factory.mktemp("home"))
        )
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    redis_server: RedisServer,
    postgres_server: PostgresServer,
) -> AsyncIterator[World]:
    """The whole service, once on SQLite and once on PostgreSQL; tests share it, so each makes companies of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'sso.db'}"
    else:
        url = await postgres_server.create_database()
    async with open_world(folder, url, redis_server.url) as opened:
        yield opened


ON_ONE_DATABASE = ("test_attacks_", "test_bad_", "test_contract_", "test_diagnosis", "test_openapi", "test_refusals_")
"""Scenarios about what is refused, or said, before a database is asked: the one that production has is enough."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the SQLite half of scenarios to which the database makes no difference."""
    items[:] = [item for item in items if not (item.path.name.startswith(ON_ONE_DATABASE) and "[sqlite" in item.nodeid)]
