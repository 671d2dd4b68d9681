"""Stores that fail in the worst moment: a token is accepted once at most, and what was acknowledged is there.

The names in front are those of `docs/attacks.md`. Over several processes: `tests/deployment/test_four_workers.py`.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from sqlalchemy import delete

from sso.launch.store_sql import spends
from tests.support.ehr import PROFESSIONAL
from tests.support.kept import kept
from tests.support.launches import one_is_accepted, outcome
from tests.support.lossy_proxy import Loss, losing_replies
from tests.support.races import at_once
from tests.support.servers.loopback import HOST
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.state import changed, state_of
from tests.support.wire import problem
from tests.support.world import World, open_world

SPEND, COMMIT = b"sso:spent:", b"COMMIT\x00"


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A Redis that keeps what it answered, also when it is killed."""
    with RedisServer(private=True, appendonly=True) as server:
        yield server


def at(port: int, url: str) -> str:
    """Return a store's URL with another port."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")).geturl()


def on_sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'sso.db'}"


async def forget_rows(world: World) -> None:
    async with world.service.ground.databases.identity.transaction() as connection:
        await connection.execute(delete(spends))


@pytest.mark.parametrize("then", ["close", "hang"])
async def test_a_launch_whose_spend_lost_its_reply_is_accepted_and_none_after_it(
    tmp_path: Path, own_redis: RedisServer, then: Loss
) -> None:
    """CON-017, FLT-004: it knows its own attempt again."""
    async with (
        losing_replies(own_redis.port, SPEND, losses=1, then=then) as proxy,
        open_world(tmp_path, on_sqlite(tmp_path), at(proxy.port, own_redis.url)) as world,
    ):
        company = await world.company(alg="ES256")
        token = company.ehr.sign(world.claims(company))
        assert (await company.launch(token)).status_code == 200
        assert proxy.losses == 0
        problem(await company.launch(token), 401, "token_replayed")
        await forget_rows(world)
        problem(await company.launch(token), 401, "token_replayed")


async def test_a_launch_whose_spend_lost_every_reply_is_refused_and_its_token_stays_spent(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    """FLT-004."""
    async with (
        losing_replies(own_redis.port, SPEND, losses=2, then="close") as proxy,
        open_world(tmp_path, on_sqlite(tmp_path), at(proxy.port, own_redis.url)) as world,
    ):
        company = await world.company(alg="ES256")
        token = company.ehr.sign(world.claims(company))
        before = await state_of(world)
        problem(await company.launch(token), 503, "unavailable")
        assert set(await changed(world, before)) <= {"redis"}
        problem(await company.launch(token), 401, "token_replayed")
        await one_is_accepted(company, [company.ehr.sign(world.claims(company))] * 3)


async def test_where_connections_to_redis_end_amid_launches_no_token_is_accepted_twice(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    """FLT-015: each of fifteen tokens comes three times at once, and three connections end with their replies."""
    async with (
        losing_replies(own_redis.port, SPEND, losses=3, then="close") as proxy,
        open_world(tmp_path, on_sqlite(tmp_path), at(proxy.port, own_redis.url)) as world,
    ):
        company = await world.company(alg="ES256")
        tokens = [company.ehr.sign(world.claims(company)) for _ in range(15)]
        first = await at_once(45, lambda number: company.launch(tokens[number % 15]))
        later = [await company.launch(token) for token in tokens]

        assert proxy.losses == 0
        assert {outcome(answer) for answer in first} <= {"accepted", "token_replayed", "unavailable"}
        accepted = Counter(
            number % 15 for number, answer in enumerate([*first, *later]) if outcome(answer) == "accepted"
        )
        assert set(accepted.values()) == {1}
        assert {outcome(answer) for answer in later} <= {"accepted", "token_replayed"}
        found = await kept(world.database_url, company)
        assert found.spends == found.launches == found.accepted == len(accepted)


async def test_a_spend_that_was_answered_survives_the_death_of_redis(tmp_path: Path, own_redis: RedisServer) -> None:
    """FLT-006: by the append-only file alone, without the row."""
    async with open_world(tmp_path, on_sqlite(tmp_path), own_redis.url) as world:
        company = await world.company(alg="ES256")
        token = company.ehr.sign(world.claims(company))
        assert (await company.launch(token)).status_code == 200
        own_redis.kill()
        own_redis.start()
        await forget_rows(world)
        await asyncio.sleep(0)  # the client hears that its connections ended
        assert outcome(await company.launch(token)) in {"token_replayed", "unavailable"}
        problem(await company.launch(token), 401, "token_replayed")


async def test_a_service_that_starts_without_redis_launches_as_soon_as_it_is_there(tmp_path: Path) -> None:
    server = RedisServer(private=True)
    async with open_world(tmp_path, on_sqlite(tmp_path), server.url) as world:
        company = await world.company(alg="ES256")
        token = company.ehr.sign(world.claims(company))
        problem(await company.launch(token), 503, "unavailable")
        assert (await world.client.get("/readyz")).json()["failing"] == ["redis"]
        with server:
            await one_is_accepted(company, [token] * 3)


async def test_a_replica_that_lags_and_takes_over_lets_no_token_in_twice(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    replica = RedisServer("--replicaof", f"{HOST} {own_redis.port}", "--masterauth", own_redis.password, private=True)
    replica.password = own_redis.password
    with replica:
        async with (
            Redis.from_url(replica.url) as at_the_replica,
            losing_replies(own_redis.port, SPEND, losses=0, then="close") as proxy,
            open_world(tmp_path, on_sqlite(tmp_path), at(proxy.port, own_redis.url)) as world,
        ):
            company = await world.company(alg="ES256")
            replicated, missed = (company.ehr.sign(world.claims(company)) for _ in range(2))
            while (await at_the_replica.info("replication"))["master_link_status"] != "up":
                pass
            assert (await company.launch(replicated)).status_code == 200
            assert await world.service.ground.redis.wait(1, 10_000) == 1
            await at_the_replica.replicaof("NO", "ONE")  # from now on it hears of nothing more
            assert (await company.launch(missed)).status_code == 200

            proxy.target = replica.port
            proxy.end()
            assert {outcome(await company.launch(missed)) for _ in range(3)} <= {"token_replayed", "unavailable"}
            before = await state_of(world)
            for token in (missed, replicated):
                problem(await company.launch(token), 401, "token_replayed")
            assert not await changed(world, before)
            await one_is_accepted(company, [company.ehr.sign(world.claims(company))] * 3)


async def test_a_redis_that_forgets_too_early_lets_no_token_in_twice(tmp_path: Path, own_redis: RedisServer) -> None:
    """FLT-016, TIM-018: its clock has jumped forward, and every key of it is over at once."""
    async with open_world(tmp_path, on_sqlite(tmp_path), own_redis.url) as world:
        company = await world.company(alg="ES256")
        token = company.ehr.sign(world.claims(company))
        assert (await company.launch(token)).status_code == 200
        redis = world.service.ground.redis
        keys = [key async for key in redis.scan_iter(f"{SPEND.decode()}*")]
        assert keys
        for key in keys:
            await redis.pexpire(key, 0)
        answers = await at_once(20, lambda _: company.launch(token))
        assert {outcome(answer) for answer in answers} == {"token_replayed"}


@pytest.mark.parametrize("then", ["close", "hang"])
async def test_a_launch_whose_commit_lost_its_reply_is_refused_and_its_token_stays_spent(
    tmp_path: Path, redis_server: RedisServer, postgres_server: PostgresServer, then: Loss
) -> None:
    """It took place and nobody was told: its token opens nothing more, and the EHR signs a new one."""
    url = await postgres_server.create_database()
    async with (
        losing_replies(urlsplit(url).port or 5432, COMMIT, losses=0, then=then) as proxy,
        open_world(tmp_path, at(proxy.port, url), redis_server.url) as world,
    ):
        company = await world.company(alg="ES256")
        token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
        proxy.losses = 1
        launched = await company.launch_in_browser(token)
        assert proxy.losses == 0
        assert launched.status_code == 503
        assert "set-cookie" not in launched.headers

        for again in (await company.launch(token), await company.launch(token)):
            problem(again, 401, "token_replayed")
        found = await kept(url, company)
        assert (found.spends, found.launches, found.accepted, found.sessions) == (1, 1, 1, 1)
        assert (await company.launch(company.ehr.sign(world.claims(company)))).status_code == 200
