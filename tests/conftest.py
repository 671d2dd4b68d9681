"""What every test may ask for. The servers start when the first test asks for them, and end with the run."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Generator, Iterator

import pytest
import uvloop
from hypothesis import settings
from playwright.async_api import Browser, async_playwright

from tests.support.servers.chromium import FLAGS, environment, find_chromium
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.turns import Turns
from tests.support.world import World, open_world

if "MUTANT_UNDER_TEST" not in os.environ:  # mutmut forks, which uvloop does not survive
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # what production runs on

settings.register_profile("no timing", deadline=None)  # how long an example takes is for benchmarks
settings.load_profile("no timing")

TURNS = pytest.StashKey[Turns]()


def pytest_configure(config: pytest.Config) -> None:
    """Let a test say that it needs the whole machine: what it times, or does two hundred times at once, is its own."""
    config.addinivalue_line("markers", "alone: no other worker of pytest-xdist is at a test meanwhile")
    folder = config.rootpath / ".pytest_cache" / "turns"
    folder.mkdir(parents=True, exist_ok=True)
    config.stash[TURNS] = Turns(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no file open."""
    config.stash[TURNS].close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Wait for a turn with others: fixtures may start a dozen processes, and no test is about how long that takes."""
    with item.config.stash[TURNS].taken(alone=False):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Wait for the turn of a test, alone if it says so."""
    with item.config.stash[TURNS].taken(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Wait for a turn with others, and let go of what a failed test held.

    uvloop does not close while a connection of it is open somewhere.
    """
    with item.config.stash[TURNS].taken(alone=False):
        if getattr(sys, "last_value", None) is not None:
            sys.last_type = sys.last_value = sys.last_traceback = None
            gc.collect()
        return (yield)


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


ON_ONE_DATABASE = (
    "test_attacks_", "test_audit_", "test_bad_", "test_client_assertions", "test_company_keys", "test_company_secrets",
    "test_contract_", "test_diagnosis", "test_dossier_groups_", "test_ending_", "test_internal_tokens",
    "test_introspection", "test_jwks_uri",
    "test_openapi", "test_own_services", "test_professionals", "test_refusals_", "test_simulator",
    "test_sso_token_seed",
    "test_token_endpoint", "test_tokens_that_we_sign",
)  # fmt: skip
"""Scenarios about what is refused, or said, before a database is asked, or whose stores have tests of their own in
tests/contract: the database that production has is enough for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the SQLite half of scenarios to which the database makes no difference."""
    items[:] = [item for item in items if not (_on_one_database(item) and "[sqlite" in item.nodeid)]


def _on_one_database(item: pytest.Item) -> bool:
    """The stores' own tests, in tests/contract, have names that begin alike: they run on both."""
    return item.path.parent.name == "scenarios" and item.path.name.startswith(ON_ONE_DATABASE)


def pytest_collection_finish() -> None:
    """Have nobody look for garbage in what stays for the whole run: code, and five thousand tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
