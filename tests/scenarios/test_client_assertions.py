"""A company proves who it is with its own key (RFC 7523 2.2 and 3): an assertion is for us, short, and good once."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.support.audit import said
from tests.support.bsns import fresh_bsn
from tests.support.ehr import Ehr, flip, jws
from tests.support.launches import outcome
from tests.support.races import at_once
from tests.support.state import changed, state_of
from tests.support.wire import oauth_error
from tests.support.world import ISSUER, Company, World

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_URL = f"{ISSUER}/auth/token"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


def claims(world: World, company: Company, **changes: Any) -> dict[str, Any]:
    """Return the claims of a good assertion, with changes; None leaves a claim out."""
    now = int(world.clock().timestamp())
    own = {"iss": company.company_id, "sub": company.company_id}
    good = own | {"aud": ISSUER, "jti": str(uuid4()), "iat": now, "exp": now + 60}
    return {name: value for name, value in (good | changes).items() if value is not None}


async def ask(company: Company, assertion: str, **form: str | None) -> httpx2.Response:
    asked = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": assertion} | form
    return await company.client.post("/auth/token", data={name: value for name, value in asked.items() if value})


async def test_an_assertion_gets_a_token_that_opens_the_companys_endpoints(world: World, company: Company) -> None:
    answer = await ask(company, company.ehr.sign(claims(world, company)), scope="dossier:write")
    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"] == "dossier:write"
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await company.client.post("/dossier", json={"bsn": fresh_bsn()}, headers=bearer)).status_code == 201
    assert [event["event"] for event in await said(world, answer)] == ["company_token.issued"]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
async def test_every_algorithm_of_a_key_and_both_of_our_names_will_do(world: World, alg: str) -> None:
    company = await world.company(alg=alg)
    for aud in (ISSUER, TOKEN_URL):
        signed = company.ehr.sign(claims(world, company, aud=aud))
        assert (await ask(company, signed, client_id=company.company_id)).status_code == 200


async def test_an_assertion_that_says_something_else_is_refused(world: World, company: Company) -> None:
    """Each rule is in `tests/unit/test_assertions.py`; here, that all are one answer and leave nothing behind."""
    now = int(world.clock().timestamp())
    before = await state_of(world)
    wrong: tuple[dict[str, Any], ...] = (
        {"iss": NOBODY}, {"sub": "profID1241"}, {"aud": "https://evil.example"}, {"jti": None}, {"exp": now + 301},
        {"iat": now - 90, "exp": now - 30},
    )  # fmt: skip
    for changes in wrong:
        oauth_error(await ask(company, company.ehr.sign(claims(world, company, **changes))), 401, "invalid_client")
    assert not await changed(world, before)


async def test_an_assertion_is_good_once(world: World, company: Company) -> None:
    assertion = company.ehr.sign(claims(world, company))
    assert (await ask(company, assertion)).status_code == 200
    again = await ask(company, assertion)
    oauth_error(again, 401, "invalid_client")
    (event,) = await said(world, again)
    assert (event["event"], event["cause"]) == ("company_token.refused", "token_replayed")


async def test_of_twenty_at_once_one_gets_a_token(world: World, company: Company) -> None:
    assertion = company.ehr.sign(claims(world, company))
    answers = await at_once(20, lambda _: ask(company, assertion))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19


async def test_a_redis_that_has_forgotten_lets_no_assertion_in_twice(world: World, company: Company) -> None:
    assertion = company.ehr.sign(claims(world, company))
    assert (await ask(company, assertion)).status_code == 200
    redis = world.service.ground.redis
    await redis.delete(*[key async for key in redis.scan_iter("sso:spent:*")])
    oauth_error(await ask(company, assertion), 401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"scope": "everything"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"client_secret": "x"}, 400, "invalid_request"),
        ({"client_assertion_type": None}, 400, "invalid_request"),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, 401, "invalid_client"),
        ({"client_id": NOBODY}, 401, "invalid_client"),
    ],
    ids=str,
)
async def test_a_request_that_is_refused_has_not_used_its_assertion_up(
    world: World, company: Company, form: dict[str, str | None], status: int, error: str
) -> None:
    assertion = company.ehr.sign(claims(world, company))
    oauth_error(await ask(company, assertion, **form), status, error)
    assert (await ask(company, assertion)).status_code == 200


async def test_an_assertion_beside_a_header_is_two_ways_to_authenticate(company: Company) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": "x.y.z"}
    answer = await company.client.post("/auth/token", data=form, headers=company.basic)
    oauth_error(answer, 400, "invalid_request")


async def test_only_a_current_key_of_the_company_itself_proves_anything(world: World, company: Company) -> None:
    other, stranger = await world.company(alg="ES256"), Ehr("ES256")
    own = claims(world, company)
    forged = [
        other.ehr.sign(own),
        stranger.sign(own),
        flip(company.ehr.sign(own), 1),
        flip(company.ehr.sign(own), 2),
        jws({"alg": "none", "typ": "JWT"}, own, "ES256", company.ehr.key),
        jws({"alg": "HS256", "typ": "JWT", "kid": company.ehr.kid}, own, "ES256", company.ehr.key),
    ]
    for assertion in forged:
        oauth_error(await ask(company, assertion), 401, "invalid_client")
    assert (await ask(company, company.ehr.sign(own))).status_code == 200
    await company.client.delete(f"/company/keys/{company.ehr.kid}", headers=company.bearer)
    oauth_error(await ask(company, company.ehr.sign(claims(world, company))), 401, "invalid_client")


async def test_a_launch_token_is_no_assertion_and_an_assertion_no_launch_token(world: World, company: Company) -> None:
    launch = company.ehr.sign(
        world.claims(company, iss=company.company_id, aud=ISSUER, exp=claims(world, company)["exp"])
    )
    oauth_error(await ask(company, launch), 401, "invalid_client")
    assertion = company.ehr.sign(claims(world, company))
    assert outcome(await company.launch(assertion)) == "claim_rejected"
    assert (await ask(company, assertion)).status_code == 200
    by_us = await company.client.post("/auth/token/professional", json={"sub": "prof1"}, headers=company.bearer)
    oauth_error(await ask(company, by_us.json()["token"]), 401, "invalid_client")


async def test_the_same_jti_in_a_launch_token_and_an_assertion_are_two(world: World, company: Company) -> None:
    jti = str(uuid4())
    assert outcome(await company.launch(company.ehr.sign(world.claims(company, jti=jti)))) == "accepted"
    assert (await ask(company, company.ehr.sign(claims(world, company, jti=jti)))).status_code == 200


async def test_our_own_services_have_no_company_keys(world: World, company: Company) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE}
    answer = await company.client.post(
        "/auth/token/internal", data={**form, "client_assertion": company.ehr.sign(claims(world, company))}
    )
    oauth_error(answer, 401, "invalid_client")
