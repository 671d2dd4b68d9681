"""A company with a key set on a server of its own, and an instance of the service that fetches it."""

from collections.abc import AsyncIterator

import pytest

from common.sql import Database
from schemas.identifiers import CompanyId
from tests.support.clock import SetClock
from tests.support.databases import kept_company
from tests.support.key_instances import Instance
from tests.support.key_server import KeyServer, open_key_server


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with open_key_server() as opened:
        yield opened


@pytest.fixture
async def company(empty_database: Database) -> CompanyId:
    return await kept_company(empty_database)


@pytest.fixture
async def other(empty_database: Database) -> CompanyId:
    return await kept_company(empty_database)


@pytest.fixture
async def instance(empty_database: Database) -> Instance:
    return Instance(empty_database, SetClock())
