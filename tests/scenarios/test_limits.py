"""Too much in a minute is 429, for whoever asks too much and for nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from common.limits import Counted, Limits
from common.settings import LimitSettings
from services.limits_redis import RedisLimiter
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem
from tests.support.world import World, open_world

FEW = LimitSettings(launches=3, token_requests=4, refusals=2)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world of its own, where little is allowed."""
    with RedisServer(private=True) as redis:
        async with open_world(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}", redis.url, FEW) as opened:
            yield opened


async def test_launches_beyond_the_limit_are_refused_and_spend_nothing(world: World) -> None:
    company = await world.company(alg="ES256")
    tokens = [company.ehr.sign(world.claims(company)) for _ in range(4)]
    assert [(await company.launch(token)).status_code for token in tokens[:3]] == [200] * 3
    refused = await company.launch(tokens[3])
    problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


async def test_token_requests_beyond_the_limit_are_refused_in_the_words_of_oauth(world: World) -> None:
    company = await world.company(alg="ES256")
    assert [(await company.fetch_token()).status_code for _ in range(3)] == [200] * 3
    refused = await company.fetch_token()
    assert (refused.status_code, refused.json()["error"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1


async def test_whoever_is_refused_too_often_is_not_looked_at_any_more(world: World) -> None:
    company = await world.company(alg="ES256")
    for _ in range(2):
        problem(await company.launch("a.b.c"), 401, "token_rejected")
    problem(await company.launch(company.ehr.sign(world.claims(company))), 429, "rate_limited")


async def test_a_secret_is_not_guessed_for_long(world: World) -> None:
    """RFC 6749 2.3.1: after too many wrong ones not even the right one is looked at."""
    company = await world.company(alg="ES256")
    for guess in ("a", "b"):
        answer = await company.fetch_token(client_secret=guess)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = await company.fetch_token()
    assert (answer.status_code, answer.json()["error"]) == (429, "rate_limited")


@pytest.mark.parametrize("path", ["/auth/introspect", "/auth/revoke"])
async def test_neither_a_secret_nor_a_token_is_guessed_for_long_by_asking_about_tokens(world: World, path: str) -> None:
    """RFC 7662 4, RFC 7009 5: who does not prove who they are is refused so often, and then not looked at."""
    company = await world.company(alg="ES256")
    form = {"token": company.token, "client_id": company.company_id}
    for guess in ("a", "b", "c"):
        assert (await world.client.post(path, data=form | {"client_secret": guess})).status_code == 401
    answer = await world.client.post(path, data=form | {"client_secret": company.secret})
    assert (answer.status_code, answer.json()["error"]) == (429, "rate_limited")


async def test_a_company_beyond_its_limit_keeps_no_other_out(world: World) -> None:
    one, other = await world.company(alg="ES256"), await world.company(alg="ES256")
    limits: Limits = world.service.ground.limits
    assert isinstance(limits.limiter, RedisLimiter)
    for _ in range(3):
        await limits.limiter.admit(Counted.LAUNCHES, f"company:{one.company_id}")
    problem(await one.launch(one.ehr.sign(world.claims(one))), 429, "rate_limited")
    assert (await other.launch(other.ehr.sign(world.claims(other)))).status_code == 200


async def test_a_spent_token_uses_up_nobodys_room_but_that_of_who_repeats_it(world: World) -> None:
    company = await world.company(alg="ES256")
    token = company.ehr.sign(world.claims(company))
    assert (await company.launch(token)).status_code == 200
    problem(await company.launch(token), 401, "token_replayed")
    problem(await company.launch(token), 401, "token_replayed")

    limits: Limits = world.service.ground.limits
    async with limits.of_company(UUID(company.company_id), Counted.LAUNCHES):
        pass  # the company has room; the address, which was refused twice, has none
    problem(await company.launch(company.ehr.sign(world.claims(company))), 429, "rate_limited")


async def test_whoever_was_told_to_wait_is_told_so_again_whatever_redis_says(world: World) -> None:
    company = await world.company(alg="ES256")
    for _ in range(2):
        problem(await company.launch("a.b.c"), 401, "token_rejected")
    problem(await company.launch("a.b.c"), 429, "rate_limited")
    await world.service.ground.redis.flushall()
    problem(await company.launch("a.b.c"), 429, "rate_limited")


async def test_bearer_tokens_that_are_none_of_ours_are_refusals_too(world: World) -> None:
    company = await world.company(alg="ES256")
    spoiled = {"Authorization": company.bearer["Authorization"][:-4] + "AAAA"}
    for _ in range(FEW.refusals + 1):
        problem(await world.client.get("/dossier", headers=spoiled), 401, "not_authenticated")
    for answer in (
        await world.client.get("/dossier", headers=spoiled),
        await world.client.get("/company", headers=company.bearer),
        await company.launch(company.ehr.sign(world.claims(company))),
    ):
        problem(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_good_bearer_tokens_are_not_counted_and_need_no_redis(world: World) -> None:
    company = await world.company(alg="ES256")
    await world.service.ground.redis.flushall()
    for _ in range(5):
        assert (await world.client.get("/dossier", headers=company.bearer)).status_code == 200
        problem(await world.client.get("/dossier"), 401, "not_authenticated")  # nothing was sent that could be guessed
    assert await world.service.ground.redis.dbsize() == 0
