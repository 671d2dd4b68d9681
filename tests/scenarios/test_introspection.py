"""A company asks about its own tokens, and revokes them (RFC 7662, RFC 7009): others' look like nobody's."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from schemas.profiles import INTERNAL, PATIENT
from services.housekeeping import clean
from tests.support.audit import said
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, flip, jws
from tests.support.launches import outcome
from tests.support.races import at_once
from tests.support.servers.redis_server import RedisServer
from tests.support.state import changed, state_of
from tests.support.wire import oauth_error, problem, secured
from tests.support.world import ISSUER, Company, World, open_world

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
INACTIVE = {"active": False}


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


@pytest.fixture(scope="module")
async def lonely(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A service whose clock may be moved forward."""
    folder = tmp_path_factory.mktemp("lonely")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", redis_server.url) as opened:
        yield opened


@pytest.fixture
async def other(world: World) -> Company:
    return await world.company("Apotheek Elders", alg="ES256")


async def introspect(asker: Company, token: str, headers: Mapping[str, str] | None = None, **form: str) -> Any:
    """Return what is answered about a token; asked with the company's secret if nothing else is said."""
    answer = await asker.client.post(
        "/auth/introspect", data={"token": token, **form}, headers=asker.basic if headers is None else headers
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    secured(answer)
    return answer.json()


async def revoke(asker: Company, token: str, headers: Mapping[str, str] | None = None, **form: str) -> httpx2.Response:
    """Revoke a token; RFC 7009 2.2 answers the same whatever it was."""
    answer = await asker.client.post(
        "/auth/revoke", data={"token": token, **form}, headers=asker.basic if headers is None else headers
    )
    assert (answer.status_code, answer.content) == (200, b"")
    secured(answer)
    return answer


def assertion(world: World, company: Company) -> dict[str, str]:
    now, whose = int(world.clock().timestamp()), {"iss": company.company_id, "sub": company.company_id}
    signed = company.ehr.sign({**whose, "aud": ISSUER, "jti": str(uuid4()), "iat": now, "exp": now + 60})
    return {"client_assertion_type": TYPE, "client_assertion": signed}


async def launch_token(world: World, company: Company) -> str:
    """Return the access token of a launch."""
    launched = await company.launch(company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL)))
    return str(launched.json()["accessToken"])


async def test_a_company_token_is_shown_as_it_is(world: World, company: Company) -> None:
    token = (await company.fetch_token(scope="dossier:read")).json()["access_token"]
    now = int(world.clock().timestamp())
    shown = await introspect(company, token)
    for hint in ("refresh_token", "nonsense"):  # RFC 7662 2.1: a hint keeps no token from being found
        assert await introspect(company, token, token_type_hint=hint) == shown
    assert shown.pop("jti")
    assert shown == {
        "active": True, "scope": "dossier:read", "client_id": company.company_id, "token_type": "Bearer",
        "sub": company.company_id, "iss": ISSUER, "aud": ISSUER, "iat": now, "exp": now + 900,
    }  # fmt: skip


async def test_the_token_of_a_launch_is_its_companys(world: World, company: Company, other: Company) -> None:
    token = await launch_token(world, company)
    shown = await introspect(company, token)
    assert (shown["active"], shown["client_id"], "scope" in shown) == (True, company.company_id, False)
    assert await introspect(other, token) == INACTIVE


async def test_the_token_of_a_launch_that_has_ended_is_not_active(world: World, company: Company) -> None:
    claims = world.claims(company, treatmentRelationshipId="t9", patientInfo={"bsn": fresh_bsn()})
    token = (await company.launch(company.ehr.sign({**claims, "profInfo": PROFESSIONAL}))).json()["accessToken"]
    assert (await introspect(company, token))["active"]
    ended = await company.client.delete("/api/v1/treatment_relationships/t9", headers=company.bearer)
    assert ended.status_code == 204
    assert await introspect(company, token) == INACTIVE


async def test_a_launch_token_is_active_until_it_is_used_and_asking_does_not_use_it(
    world: World, company: Company
) -> None:
    claims = world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": fresh_bsn()})
    token = company.ehr.sign(claims)
    before = await state_of(world)
    shown = [await introspect(company, token) for _ in range(2)]
    assert not await changed(world, before)
    assert shown == 2 * [
        {
            "active": True, "client_id": company.company_id, "sub": claims["sub"], "jti": claims["jti"],
            "iat": claims["iat"], "exp": claims["iat"] + 300,
        }
    ]  # fmt: skip
    assert outcome(await company.launch(token)) == "accepted"
    assert await introspect(company, token) == INACTIVE


async def test_a_launch_token_that_we_signed_is_the_companys_for_whom_we_did(company: Company, other: Company) -> None:
    signed = await company.client.post("/auth/token/professional", json={"sub": "p1"}, headers=company.bearer)
    token = signed.json()["token"]
    assert (await introspect(company, token))["iss"] == company.company_id
    assert await introspect(other, token) == INACTIVE


async def test_a_launch_token_that_a_launch_would_refuse_is_not_active(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    known = world.claims(company, treatmentRelationshipId="t1", patientInfo={"bsn": bsn})
    assert outcome(await company.launch(company.ehr.sign(known))) == "accepted"
    good = world.claims(company, treatmentRelationshipId="t1")
    for changes in (
        {"iat": good["iat"] - 301}, {"iat": good["iat"] + 31}, {"sub": ""}, {"aud": "https://evil.example"},
        {"treatmentRelationshipId": "unknown"}, {"patientInfo": {"bsn": fresh_bsn()}},
    ):  # fmt: skip
        assert await introspect(company, company.ehr.sign(good | changes)) == INACTIVE, changes
    assert (await introspect(company, company.ehr.sign(good)))["active"]


async def test_every_token_but_the_callers_own_looks_like_nobodys(
    world: World, company: Company, other: Company
) -> None:
    service = world.service.identity
    internal = service.issuer.issue(INTERNAL, {"sub": "dossier", "client_id": "dossier"}, world.clock()).token
    patient = service.issuer.issue(PATIENT, {"sub": str(uuid4()), "client_id": "website"}, world.clock()).token
    own = company.token
    strangers = {
        "another company's": other.token,
        "another company's launch token": other.ehr.sign(world.claims(other)),
        "another company's, naming us": other.ehr.sign(world.claims(company)),
        "one of our services'": internal,
        "a patient's": patient,
        "altered": flip(own, 2),
        "of another issuer": jws({"alg": "ES256", "typ": "at+jwt"}, {"iss": "x"}, "ES256", other.ehr.key),
        "no token": "x",
        "a long one": "x" * 9000,
    }
    before = await state_of(world)
    for name, token in strangers.items():
        assert await introspect(company, token) == INACTIVE, name
        await revoke(company, token)
    assert not await changed(world, before)
    assert (await other.client.get("/company", headers=other.bearer)).status_code == 200


async def test_a_token_that_has_expired_is_not_active(lonely: World) -> None:
    company = await lonely.company(alg="ES256")
    lonely.clock.forward(seconds=931)
    assert await introspect(company, company.token) == INACTIVE


async def test_an_access_token_of_the_companys_own_lets_it_ask(company: Company, other: Company) -> None:
    assert (await introspect(company, company.token, company.bearer))["active"]
    assert await introspect(company, other.token, company.bearer) == INACTIVE


async def test_an_assertion_lets_a_company_ask_once(world: World, company: Company) -> None:
    proof = assertion(world, company)
    assert (await introspect(company, company.token, {}, **proof))["active"]
    for path in ("/auth/introspect", "/auth/revoke", "/auth/token"):
        form = {"token": company.token, "grant_type": "client_credentials", **proof}
        refused = await company.client.post(path, data=form)
        oauth_error(refused, 401, "invalid_client")
        assert [event["cause"] for event in await said(world, refused)] == ["token_replayed"]
    assert (await company.client.get("/company", headers=company.bearer)).status_code == 200


@pytest.mark.parametrize("path", ["/auth/introspect", "/auth/revoke"])
async def test_who_does_not_prove_who_it_is_learns_and_changes_nothing(
    world: World, company: Company, other: Company, path: str
) -> None:
    launch = await launch_token(world, company)
    form, secret = {"token": company.token}, {"client_id": company.company_id, "client_secret": company.secret}
    wrong: list[tuple[dict[str, str], dict[str, str], int, str]] = [
        ({}, form, 401, "invalid_client"),
        ({}, {**form, **secret, "client_secret": other.secret}, 401, "invalid_client"),
        ({}, {**form, "client_id": company.company_id}, 401, "invalid_client"),
        ({"Authorization": f"Bearer {flip(company.token, 2)}"}, form, 401, "invalid_token"),
        ({"Authorization": f"Bearer {launch}"}, form, 403, "insufficient_scope"),
        (company.bearer, {**form, **secret}, 400, "invalid_request"),
        (company.basic, {**form, **secret}, 400, "invalid_request"),
        (company.basic, {"tokens": "x"}, 400, "invalid_request"),
        (company.basic, {"token": ""}, 400, "invalid_request"),
    ]
    before = await state_of(world)
    for headers, sent, status, error in wrong:
        answer = await company.client.post(path, data=sent, headers=headers)
        oauth_error(answer, status, error)
        assert ("www-authenticate" in answer.headers) is (status in {401, 403})
    assert not await changed(world, before)
    assert (await company.client.post(path, json=form, headers=company.basic)).status_code == 415
    in_the_address = await company.client.get(path, params=form, headers=company.basic)
    assert (in_the_address.status_code, in_the_address.headers["allow"]) == (405, "POST")
    twice = await company.client.post(
        path, content="token=a&token=b", headers={**company.basic, "Content-Type": "application/x-www-form-urlencoded"}
    )
    oauth_error(twice, 400, "invalid_request")


async def test_a_revoked_company_token_is_refused_by_the_very_next_request(world: World, company: Company) -> None:
    token, second = company.token, (await company.fetch_token()).json()["access_token"]
    answer = await revoke(company, token, token_type_hint="refresh_token")  # RFC 7009 2.1: a wrong hint changes nothing
    (event,) = await said(world, answer)
    assert (event["event"], event["role"], event["company_id"]) == ("token.revoked", "company", company.company_id)
    refused = await company.client.get("/company", headers=company.bearer)
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    problem(refused, 401, "not_authenticated")
    (event,) = await said(world, refused)
    assert (event["event"], event["cause"]) == ("bearer.refused", "token_revoked")
    assert await introspect(company, token) == INACTIVE
    for path in ("/dossier/permission", "/dossier"):
        problem(
            await company.client.post(path, json={"bsn": fresh_bsn()}, headers=company.bearer), 401, "not_authenticated"
        )
    company.token = second
    assert (await company.client.get("/company", headers=company.bearer)).status_code == 200


async def test_a_company_token_can_revoke_itself(company: Company) -> None:
    await revoke(company, company.token, company.bearer)
    problem(await company.client.get("/company", headers=company.bearer), 401, "not_authenticated")


async def test_the_token_of_a_launch_is_revoked_for_the_launch_alone(world: World, company: Company) -> None:
    token, another = await launch_token(world, company), await launch_token(world, company)
    (event,) = await said(world, await revoke(company, token))
    assert event["role"] == "launch"
    opens = [
        await company.client.get("/dossier", headers={"Authorization": f"Bearer {one}"}) for one in (token, another)
    ]
    assert [answer.status_code for answer in opens] == [401, 200]


async def test_a_revoked_launch_token_is_never_accepted_and_offers_no_launch(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
    (event,) = await said(world, await revoke(company, token))
    assert (event["event"], event["role"]) == ("token.revoked", "professional")
    assert await said(world, await revoke(company, token)) == []
    assert await introspect(company, token) == INACTIVE
    refused = await company.launch(token)
    members = problem(refused, 401, "token_replayed")
    assert "revoked" in members["detail"]
    (event,) = await said(world, refused)
    assert (event["cause"], event.get("replays")) == ("token_replayed", None)
    page = await company.launch_in_browser(token)
    assert (page.status_code, "/sso/continue" in page.text) == (401, False)


async def test_a_launch_token_that_is_not_good_yet_is_revoked_for_when_it_would_be(lonely: World) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company) | {"iat": int(lonely.clock().timestamp()) + 3 * 86_400})
    far = [company.ehr.sign(lonely.claims(company) | {"iat": iat}) for iat in (1e18, 1e308, 10**400, -(10**400))]
    for one in (token, *far):
        await revoke(company, one)
    lonely.clock.forward(days=3)
    await clean(lonely.service.ground.databases.identity, lonely.clock)
    company.token = (await company.fetch_token()).json()["access_token"]
    problem(await company.launch(token), 401, "token_replayed")


async def test_a_token_that_a_clock_ahead_of_others_calls_expired_is_revoked_for_them(lonely: World) -> None:
    company = await lonely.company(alg="ES256")
    token, another = company.token, (await company.fetch_token()).json()["access_token"]
    lonely.clock.forward(minutes=16, seconds=30)  # another process is two minutes behind
    await revoke(company, token)
    await clean(lonely.service.ground.databases.identity, lonely.clock)
    lonely.clock.forward(minutes=-2)
    problem(await company.client.get("/company", headers=company.bearer), 401, "not_authenticated")
    assert (await introspect(company, another))["active"]


async def test_what_is_over_is_forgotten_and_stays_over(lonely: World) -> None:
    company = await lonely.company(alg="ES256")
    token = company.token
    await revoke(company, token)
    lonely.clock.forward(minutes=20)
    await clean(lonely.service.ground.databases.identity, lonely.clock)
    assert not (await state_of(lonely))["revoked_tokens"]
    assert await introspect(company, token) == INACTIVE


async def test_of_a_launch_and_a_revocation_at_once_one_comes_first(world: World, company: Company) -> None:
    for _ in range(5):
        token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))

        async def act(number: int, token: str = token) -> httpx2.Response:
            return await (company.launch(token) if number % 2 else revoke(company, token))

        answers = await at_once(10, act)
        events = [event for answer in answers for event in await said(world, answer)]
        decided = [event["event"] for event in events if event["event"] in {"launch.accepted", "token.revoked"}]
        assert len(decided) == 1
        assert [outcome(answers[n]) for n in range(1, 10, 2)].count("accepted") == decided.count("launch.accepted")
