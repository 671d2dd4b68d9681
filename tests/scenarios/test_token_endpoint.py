"""The token endpoint for companies, to the letter of RFC 6749."""

import base64
import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.state import changed, state_of
from tests.support.wire import oauth_error, same_but_for_the_request, secured
from tests.support.world import Company, World

ALL = "dossier:read dossier:write permission:read sso:issue keys:manage"
GRANT = {"grant_type": "client_credentials"}
NOBODY = "00000000-0000-4000-8000-000000000000"
CHALLENGE = {"basic": 'Basic realm="sso", charset="UTF-8"', "other": 'Bearer realm="sso"'}


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header of RFC 6749 2.3.1: both parts form-encoded first."""
    pair = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def in_the_form(company: Company) -> dict[str, str]:
    return {"client_id": company.company_id, "client_secret": company.secret}


async def ask(world: World, form: Any, headers: dict[str, str] | None = None) -> httpx2.Response:
    return await world.client.post("/auth/token", data=form, headers=headers)


async def ask_by(way: str, company: Company, **wrong: str) -> httpx2.Response:
    """Ask for a token in one of the three ways, perhaps as somebody else or with another secret."""
    user, secret = wrong.get("user", company.company_id), wrong.get("secret", company.secret)
    if way == "basic":
        return await company.client.post("/auth/token", data=GRANT, headers=basic(user, secret))
    if way == "post":
        return await company.client.post("/auth/token", data={**GRANT, "client_id": user, "client_secret": secret})
    return await company.client.post("/auth/token", json={"companyId": user, "companySecret": secret})


WAYS = ("basic", "post", "json")


@pytest.mark.parametrize("way", WAYS)
async def test_a_company_gets_a_token_that_opens_its_endpoints(company: Company, way: str) -> None:
    answer = await ask_by(way, company)

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    secured(answer)
    body = answer.json()
    assert body == {"access_token": body["access_token"], "token_type": "Bearer", "expires_in": 900, "scope": ALL}
    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    made = await company.client.post("/dossier", json={"bsn": fresh_bsn()}, headers=bearer)
    assert made.status_code == 201


async def test_what_a_company_token_says(world: World, company: Company) -> None:
    token = (await company.fetch_token(scope="dossier:read")).json()["access_token"]
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    keys = (await world.client.get("/.well-known/jwks.json")).json()["keys"]
    now = int(world.clock().timestamp())
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert header["kid"] in {key["kid"] for key in keys}
    assert claims == {
        "iss": "http://127.0.0.1:8080",
        "sub": company.company_id,
        "client_id": company.company_id,
        "aud": "http://127.0.0.1:8080",
        "role": "HealthcareCompany",
        "companyName": "Huisartsenpraktijk De Linde",
        "scope": "dossier:read",
        "iat": now,
        "exp": now + 900,
        "jti": claims["jti"],
    }


SCOPES = {
    "": ALL,
    "dossier:read": "dossier:read",
    "keys:manage dossier:read": "dossier:read keys:manage",
    "dossier:read dossier:read": "dossier:read",
    ALL: ALL,
}


@pytest.mark.parametrize("scope", SCOPES)
async def test_the_scopes_that_were_asked_are_granted(company: Company, scope: str) -> None:
    assert (await company.fetch_token(scope=scope)).json()["scope"] == SCOPES[scope]


@pytest.mark.parametrize(
    "scope", ["admin", "dossier:read admin", "DOSSIER:READ", "dossier:read,dossier:write", "*", "\u00e9", '"']
)
async def test_an_unknown_scope_is_refused(company: Company, scope: str) -> None:
    oauth_error(await company.fetch_token(scope=scope), 400, "invalid_scope")


@pytest.mark.parametrize("way", WAYS)
async def test_an_error_never_tells_which_half_was_wrong(company: Company, way: str) -> None:
    wrong = [
        {"secret": "wrong"}, {"secret": company.secret[:-1]}, {"secret": company.secret.swapcase()},
        {"secret": f"{company.secret} "}, {"user": NOBODY}, {"user": "nobody"}, {"user": company.company_id.upper()},
        {"user": company.company_id.replace("-", "")}, {"user": f"{{{company.company_id}}}"}, {"user": "\u00e9\0"},
    ]  # fmt: skip
    if way != "post":  # there an empty parameter counts as absent, with the same answer but for its cause
        wrong += [{"secret": ""}, {"user": ""}]
    told = []
    for one in wrong:
        answer = await ask_by(way, company, **one)
        told.append(same_but_for_the_request(oauth_error(answer, 401, "invalid_client")))
        assert answer.headers["www-authenticate"] == CHALLENGE["basic" if way == "basic" else "other"]
    assert told == [told[0]] * len(wrong)


async def test_another_companys_secret_opens_nothing(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    for way in WAYS:
        oauth_error(await ask_by(way, company, secret=other.secret), 401, "invalid_client")


UNREADABLE = ("", "x", "YTpi*", base64.b64encode(b"no colon").decode(), base64.b64encode(b"\xff:x").decode(), "a b")


async def test_basic_credentials_that_cannot_be_read_are_challenged_with_basic(world: World) -> None:
    for credentials in UNREADABLE:
        answer = await ask(world, GRANT, {"Authorization": f"Basic {credentials}"})
        oauth_error(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"] == CHALLENGE["basic"], credentials


async def test_without_credentials_a_client_is_invalid(world: World, company: Company) -> None:
    for form, headers in (
        (GRANT, {}),
        ({**GRANT, "client_id": company.company_id}, {}),
        ({**GRANT, "client_secret": company.secret}, {}),
        ({**GRANT, **in_the_form(company), "client_secret": ""}, {}),
        ({**GRANT, **in_the_form(company)}, {"Authorization": f"Bearer {company.token}"}),
        ({"grant_type": "password"}, {}),
    ):
        oauth_error(await ask(world, form, headers), 401, "invalid_client")


async def test_a_client_authenticates_in_one_way(world: World, company: Company) -> None:
    twice = await ask(world, {**GRANT, **in_the_form(company)}, company.basic)
    oauth_error(twice, 400, "invalid_request")
    as_another = await ask(world, {**GRANT, "client_id": NOBODY}, company.basic)
    oauth_error(as_another, 400, "invalid_request")
    same_id = await ask(world, {**GRANT, "client_id": company.company_id}, company.basic)
    assert same_id.status_code == 200
    as_json = {"companyId": company.company_id, "companySecret": company.secret}
    json_and_basic = await world.client.post("/auth/token", json=as_json, headers=company.basic)
    oauth_error(json_and_basic, 400, "invalid_request")
    headers = [("Authorization", company.basic["Authorization"])] * 2
    oauth_error(await world.client.post("/auth/token", data=GRANT, headers=headers), 400, "invalid_request")


@pytest.mark.parametrize(
    "grant_type",
    ["password", "authorization_code", "refresh_token", "implicit", "Client_Credentials", "client_credentials ",
     "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange"],
)  # fmt: skip
async def test_other_grant_types_are_not_supported(world: World, company: Company, grant_type: str) -> None:
    answer = await ask(world, {"grant_type": grant_type}, company.basic)
    oauth_error(answer, 400, "unsupported_grant_type")


async def test_a_grant_type_is_required_and_an_empty_one_is_none(world: World, company: Company) -> None:
    for form in (in_the_form(company), {**in_the_form(company), "grant_type": ""}):
        oauth_error(await ask(world, form), 400, "invalid_request")


async def test_unknown_and_empty_parameters_are_ignored(world: World, company: Company) -> None:
    besides = {"resource": "x", "request_uri": "http://127.0.0.1:9/", "jwks_uri": "x", "scope": "", "client_secret": ""}
    answer = await ask(world, {**GRANT, **besides, "client_id": ""}, company.basic)
    assert (answer.status_code, answer.json()["scope"]) == (200, ALL)


async def test_no_parameter_is_given_twice_not_even_an_unknown_one(world: World, company: Company) -> None:
    credentials = f"grant_type=client_credentials&client_id={company.company_id}&client_secret={company.secret}"
    for more in ("&grant_type=client_credentials", "&scope=&scope=", "&x=1&x=2", f"&client_id={company.company_id}"):
        answer = await world.client.post(
            "/auth/token", content=credentials + more, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        oauth_error(answer, 400, "invalid_request")


async def test_the_json_form_has_two_members_and_no_others(world: World, company: Company) -> None:
    good = {"companyId": company.company_id, "companySecret": company.secret}
    for body in ({**good, "scope": "dossier:read"}, {**good, **GRANT}, {"companyId": company.company_id}, {}):
        oauth_error(await world.client.post("/auth/token", json=body), 400, "invalid_request")


async def test_credentials_in_the_address_do_not_count(world: World, company: Company) -> None:
    params = {**GRANT, **in_the_form(company)}
    oauth_error(await world.client.post("/auth/token", params=params, data=GRANT), 401, "invalid_client")
    answer = await world.client.get("/auth/token", params=params)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_token_request_keeps_nothing(world: World, company: Company) -> None:
    before = await state_of(world)
    for way in WAYS:
        await ask_by(way, company)
        await ask_by(way, company, secret="wrong")
    assert not await changed(world, before)
