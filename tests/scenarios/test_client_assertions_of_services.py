"""A service of ours proves by its key who it is, where it asks for an internal token."""

from typing import Any

import httpx2
import pytest

from keys.service_keys import ServiceKey, read_private_key
from sso.issuer.metadata import Metadata
from tests.support.audit import said
from tests.support.bsns import fresh_bsn
from tests.support.races import at_once
from tests.support.service_assertions import TYPE, service_assertion, service_claims, signed
from tests.support.state import changed, state_of
from tests.support.wire import oauth_error, problem, same_but_for_the_request
from tests.support.world import ISSUER, KEYED, World

PATH = "/auth/token/internal"


@pytest.fixture
def key(world: World) -> ServiceKey:
    """The private key of the service that has one."""
    return read_private_key(world.folder / f"{KEYED}.private.pem")


async def ask(world: World, form: dict[str, str], path: str = PATH) -> httpx2.Response:
    return await world.client.post(path, data={name: value for name, value in form.items() if value})


def good(world: World, key: ServiceKey) -> dict[str, str]:
    return service_assertion(KEYED, key, ISSUER, world.clock())


def with_claims(world: World, key: ServiceKey, **changes: Any) -> dict[str, str]:
    return good(world, key) | {"client_assertion": signed(key, service_claims(KEYED, ISSUER, world.clock(), **changes))}


async def test_an_assertion_gets_a_token_that_opens_what_is_for_our_services(world: World, key: ServiceKey) -> None:
    answer = await ask(world, good(world, key))
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert [event["event"] for event in await said(world, answer)] == ["internal_token.issued"]
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    asked = await world.client.post("/pseudoniem", json={"bsn": fresh_bsn()}, headers=bearer)
    assert asked.status_code == 200
    problem(await world.client.get("/company", headers=bearer), 403, "permission_denied")


async def test_an_assertion_is_good_once_and_the_audit_names_whose_it_was(world: World, key: ServiceKey) -> None:
    form = good(world, key)
    assert (await ask(world, form)).status_code == 200
    again = await ask(world, form)
    oauth_error(again, 401, "invalid_client")
    [event] = await said(world, again)
    assert event == {"event": "internal_token.refused", "service": KEYED, "cause": "token_replayed"}


async def test_of_twenty_at_once_one_gets_a_token(world: World, key: ServiceKey) -> None:
    form = good(world, key)
    answers = await at_once(20, lambda _: ask(world, form))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19


async def test_a_redis_that_has_forgotten_lets_no_assertion_in_twice(world: World, key: ServiceKey) -> None:
    form = good(world, key)
    assert (await ask(world, form)).status_code == 200
    redis = world.service.ground.redis
    await redis.delete(*[name async for name in redis.scan_iter("sso:spent:*")])
    oauth_error(await ask(world, form), 401, "invalid_client")


async def test_every_refusal_is_one_answer_and_leaves_nothing_behind(world: World, key: ServiceKey) -> None:
    """Each rule is in `tests/unit/test_service_assertions.py`."""
    company, now = await world.company(alg="ES256"), world.clock()
    theirs = {"iss": company.company_id, "sub": company.company_id}
    forms = [
        with_claims(world, key, aud="https://evil.example"),
        with_claims(world, key, exp=int(now.timestamp()) + 3600),
        with_claims(world, key, sub="demo"),
        with_claims(world, key, iss="demo", sub="demo"),  # a service that has a secret has no key
        good(world, key) | {"client_id": "demo"},
        good(world, key) | {"client_assertion": "a.b.c"},
        good(world, key) | {"client_assertion": company.ehr.sign(service_claims(KEYED, ISSUER, now, **theirs))},
        {"grant_type": "client_credentials", "client_id": KEYED, "client_secret": "x" * 43},
        {"grant_type": "client_credentials", "client_id": KEYED, "client_secret": key.kid},
    ]
    before = await state_of(world)
    answers = [oauth_error(await ask(world, form), 401, "invalid_client") for form in forms]
    assert all(same_but_for_the_request(one) == same_but_for_the_request(answers[0]) for one in answers)
    assert not await changed(world, before)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_secret": "x"}, 400, "invalid_request"),
        ({"client_assertion_type": ""}, 400, "invalid_request"),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, 401, "invalid_client"),
    ],
    ids=str,
)
async def test_a_request_that_is_refused_has_not_used_its_assertion_up(
    world: World, key: ServiceKey, changes: dict[str, str], status: int, error: str
) -> None:
    form = good(world, key)
    oauth_error(await ask(world, form | changes), status, error)
    assert (await ask(world, form)).status_code == 200


async def test_a_services_assertion_opens_nothing_that_is_for_companies(world: World, key: ServiceKey) -> None:
    """Also with a company's id in it, which anybody can know."""
    company = await world.company(alg="ES256")
    theirs = {"iss": company.company_id, "sub": company.company_id}
    for changes in ({}, theirs, {"aud": f"{ISSUER}/auth/token"}):
        form = with_claims(world, key, **changes)
        oauth_error(await ask(world, form, "/auth/token"), 401, "invalid_client")
        launched = await world.client.post("/sso/launch", json={"token": form["client_assertion"]})
        problem(launched, 401, "token_rejected")


async def test_a_companys_assertion_of_the_same_jti_is_another(world: World, key: ServiceKey) -> None:
    company = await world.company(alg="ES256")
    own = service_claims(company.company_id, ISSUER, world.clock(), jti="the-same")
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE}
    assert (await ask(world, with_claims(world, key, jti="the-same"))).status_code == 200
    answer = await ask(world, form | {"client_assertion": company.ehr.sign(own)}, "/auth/token")
    assert answer.status_code == 200


async def test_the_metadata_tell_of_companies_alone(world: World) -> None:
    told = (await world.client.get("/.well-known/oauth-authorization-server")).json()
    assert told == Metadata(ISSUER).document()
    assert PATH not in str(told)
