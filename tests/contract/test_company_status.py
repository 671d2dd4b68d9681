"""A company's status changes from what it was, once, on every database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.errors import Conflict
from common.sql import Database
from identity.companies.admission import Admission
from identity.companies.model import Company, Status
from identity.companies.store_sql import SqlCompanies
from tests.support.clock import SetClock
from tests.support.databases import emptied_postgresql, kept_company, open_migrated
from tests.support.memory import MemoryAudit
from tests.support.servers.postgres_server import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> AsyncIterator[Database]:
    sqlite = request.param == "sqlite"
    async with open_migrated(
        f"sqlite:///{tmp_path / 'sso.db'}" if sqlite else await emptied_postgresql(postgres_server)
    ) as opened:
        yield opened


async def test_of_many_at_once_one_changes_the_status(database: Database) -> None:
    store, company_id = SqlCompanies(database), await kept_company(database)
    asked = (store.set_status(company_id, Status.SUSPENDED, was=Status.ACTIVE) for _ in range(20))
    assert sorted(await asyncio.gather(*asked)) == [False] * 19 + [True]
    assert [company.status for company in await store.all()] == [Status.SUSPENDED]


async def test_deciding_the_same_twice_is_no_fault_and_what_does_not_fit_is_refused(database: Database) -> None:
    store = SqlCompanies(database)
    admission, company_id = Admission(store, MemoryAudit(), SetClock()), str(await kept_company(database))
    for decide, status in (
        (admission.approve, Status.ACTIVE),
        (admission.suspend, Status.SUSPENDED),
        (admission.suspend, Status.SUSPENDED),
        (admission.resume, Status.ACTIVE),
        (admission.resume, Status.ACTIVE),
    ):
        decided: Company = await decide(company_id)
        assert decided.status is status
    await admission.suspend(company_id)
    with pytest.raises(Conflict, match="suspended: resume it"):
        await admission.approve(company_id)
    await store.set_status(decided.company_id, Status.PENDING, was=Status.SUSPENDED)
    for decide in (admission.suspend, admission.resume):
        with pytest.raises(Conflict, match="pending: approve it first"):
            await decide(company_id)
