"""What is kept of a company's launches: how many rows, and what the audit says of them."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, Select, func, select

from common.audit.store_sql import IDENTITY_EVENTS
from common.sql import Database
from sso.launch.store_sql import launches, sessions, spends
from tests.support.world import Company


class Kept(NamedTuple):
    """How many rows there are of each."""

    spends: int = 0
    launches: int = 0
    sessions: int = 0
    accepted: int = 0
    refused: int = 0


async def kept(url: str, company: Company) -> Kept:
    """Return what the database at a URL keeps of a company."""
    mine, events = UUID(company.company_id), IDENTITY_EVENTS.c
    counts: list[Select[int]] = [
        _count(spends).where(spends.c.company_id == mine),
        _count(launches).where(launches.c.company_id == mine),
        _count(sessions.join(launches)).where(launches.c.company_id == mine),
        _count(IDENTITY_EVENTS).where(events.company_id == mine, events.event == "launch.accepted"),
        _count(IDENTITY_EVENTS).where(events.company_id == mine, events.event == "launch.refused"),
    ]
    database = Database(url)
    try:
        async with database.read() as connection:
            return Kept(*[int(await connection.scalar(count) or 0) for count in counts])
    finally:
        await database.close()


def _count(rows: FromClause) -> Select[int]:
    return select(func.count()).select_from(rows)
