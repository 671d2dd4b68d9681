"""Databases for the suites: one that all tests share, and one of its own for a test that must begin with nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.sql import Database
from tests.support.databases import emptied_postgresql, open_migrated
from tests.support.servers.postgres_server import PostgresServer


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> AsyncIterator[Database]:
    """A migrated database that tests share: each makes companies and patients of its own."""
    sqlite = f"sqlite:///{tmp_path_factory.mktemp('database') / 'sso.db'}"
    url = sqlite if request.param == "sqlite" else await postgres_server.create_database()
    async with open_migrated(url) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[Database]:
    """A migrated database with nothing in it."""
    sqlite = f"sqlite:///{tmp_path / 'sso.db'}"
    url = sqlite if request.param == "sqlite" else await emptied_postgresql(postgres_server)
    async with open_migrated(url) as opened:
        yield opened
