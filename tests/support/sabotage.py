"""A pytest plugin that switches off one line of defence against replay, to see which tests notice.

`python -m pytest -p tests.support.sabotage --sabotage "the spend in Redis" tests/…`; see `tools/sabotage.py`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, settings
from redis.exceptions import RedisError
from sqlalchemy import delete

from common.errors import Unavailable
from schemas.identifiers import CompanyId, LaunchId
from sso.launch.store_sql import SqlLaunches, spends
from sso.verifier.replay_redis import RedisReplayGuard

honest_spend = RedisReplayGuard.spend
honest_row = SqlLaunches.spend


async def every_spend_is_the_first(_guard: RedisReplayGuard, _key: str, _window: timedelta) -> bool:
    return True


async def no_answer_is_a_yes(guard: RedisReplayGuard, key: str, window: timedelta) -> bool:
    try:
        return await honest_spend(guard, key, window)
    except Unavailable:
        return True


async def first_asked_then_set(guard: RedisReplayGuard, key: str, window: timedelta) -> bool:
    """Check, then act: two commands in place of one."""
    try:
        if await guard.redis.exists(f"sso:spent:{key}"):
            return False
        await guard.redis.set(f"sso:spent:{key}", b"1", px=int(window.total_seconds() * 1000))
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable("the replay store", private=type(error).__name__) from None
    return True


async def rows_are_not_unique(
    launches: SqlLaunches, company_id: CompanyId, jti_digest: bytes, launch_id: LaunchId, now: datetime
) -> None:
    """Keep the row in place of the one that was there."""
    there = (spends.c.company_id == company_id, spends.c.jti_digest == jti_digest)
    async with launches.database.transaction() as connection:
        await connection.execute(delete(spends).where(*there))
    await honest_row(launches, company_id, jti_digest, launch_id, now)


async def no_row_is_found(_launches: SqlLaunches, _company_id: CompanyId, _jti_digest: bytes) -> None:
    return None


SABOTAGES: dict[str, list[tuple[type[Any], str, Callable[..., Any]]]] = {
    "nothing": [],
    "the spend in Redis": [(RedisReplayGuard, "spend", every_spend_is_the_first)],
    "the spend in Redis is two commands": [(RedisReplayGuard, "spend", first_asked_then_set)],
    "a Redis that does not answer is a yes": [(RedisReplayGuard, "spend", no_answer_is_a_yes)],
    "the row is not unique": [
        (SqlLaunches, "spend", rows_are_not_unique),
        (SqlLaunches, "spend_of", no_row_is_found),  # the look before the spend would hide it
    ],
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sabotage", choices=sorted(SABOTAGES), required=True)


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile("first failure", phases=(Phase.explicit, Phase.generate))  # a shorter one is not needed
    settings.load_profile("first failure")
    for owner, name, worse in SABOTAGES[config.getoption("--sabotage")]:
        setattr(owner, name, worse)
