"""Whose room a token request uses: the company's that asks, at its own minute, in the words of OAuth."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from common.limits import Counted
from common.settings import LimitSettings
from services.limits_redis import RedisLimiter
from tests.support.diagnosis import diagnose
from tests.support.ehr import flip
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import oauth_error, problem
from tests.support.world import Company, World, open_world

FEW = LimitSettings(token_requests=4)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world of its own, where few tokens can be asked for."""
    with RedisServer(private=True) as redis:
        async with open_world(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}", redis.url, FEW) as opened:
            yield opened


async def use_up(world: World, company: Company) -> None:
    """Use up the room that a company has for token requests, from other addresses."""
    limiter = world.service.ground.limits.limiter
    assert isinstance(limiter, RedisLimiter)
    for _ in range(FEW.token_requests - 1):  # it has asked once
        await limiter.admit(Counted.TOKEN_REQUESTS, f"company:{company.company_id}")


def limited(answer: httpx2.Response) -> None:
    """Check that this tells, in the form of OAuth, when to come back."""
    oauth_error(answer, 429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_a_company_that_asks_for_too_many_tokens_keeps_no_other_out(world: World) -> None:
    one, other = await world.company(alg="ES256"), await world.company(alg="ES256")
    await use_up(world, one)
    limited(await one.fetch_token())
    assert (await other.fetch_token()).status_code == 200


async def test_a_diagnosis_counts_as_a_token_request_of_its_company_whatever_it_finds(world: World) -> None:
    one, other = await world.company(alg="ES256"), await world.company(alg="ES256")
    for token in ("a.b.c", flip(one.ehr.sign(world.claims(one)), 1), one.ehr.sign(world.claims(one))):
        assert (await diagnose(one, token)).status_code == 200
    problem(await diagnose(one, "a.b.c"), 429, "rate_limited")
    assert (await diagnose(other, "a.b.c")).status_code == 200
    assert (await one.launch(one.ehr.sign(world.claims(one)))).status_code == 200


async def test_the_token_requests_of_a_service_of_ours_are_counted_by_its_name(world: World) -> None:
    service = json.loads((world.folder / "demo-service.json").read_text())

    async def ask() -> httpx2.Response:
        credentials = (service["clientId"], service["clientSecret"])
        form = {"grant_type": "client_credentials"}
        return await world.client.post("/auth/token/internal", data=form, auth=credentials)

    assert [(await ask()).status_code for _ in range(FEW.token_requests)] == [200] * FEW.token_requests
    limited(await ask())


async def test_what_a_stranger_does_at_our_address_takes_no_room_of_our_own_services(world: World) -> None:
    service = json.loads((world.folder / "demo-service.json").read_text())
    form = {"grant_type": "client_credentials"}

    async def ask(secret: str) -> int:
        answer = await world.client.post("/auth/token/internal", data=form, auth=(service["clientId"], secret))
        return answer.status_code

    assert [await ask("a guess") for _ in range(FEW.token_requests + 1)] == [401] * FEW.token_requests + [429]
    assert await ask(service["clientSecret"]) == 200


async def test_a_token_that_we_sign_uses_the_companys_room_too(world: World) -> None:
    company = await world.company(alg="ES256")
    await use_up(world, company)
    answer = await world.client.post("/auth/token/professional", json={"sub": "prof1"}, headers=company.bearer)
    problem(answer, 429, "rate_limited")
