"""Databases for the suites: one that all tests share, and one of its own for a test that must begin with nothing."""

from collections.abc import AsyncIterator

import pytest

from common.sql import Database
from tests.support.databases import open_migrated
from tests.support.servers.postgres_server import PostgresServer


async def _url(kind: str, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> str:
    if kind == "postgresql":
        return await postgres_server.create_database()
    return f"sqlite:///{tmp_path_factory.mktemp('database') / 'sso.db'}"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> AsyncIterator[Database]:
    """A migrated database that tests share: each makes companies and patients of its own."""
    async with open_migrated(await _url(request.param, tmp_path_factory, postgres_server)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> AsyncIterator[Database]:
    """A migrated database with nothing in it."""
    async with open_migrated(await _url(request.param, tmp_path_factory, postgres_server)) as opened:
        yield opened
