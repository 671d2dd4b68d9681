"""What holds for every endpoint: how members are named, which are refused, and where an error's `type` leads."""

import json
import re

import pytest

from common.http.problems import row_of, with_codes
from services.openapi.catalogue import AREAS
from services.openapi.document import document
from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.wire import problem, secured
from tests.support.world import ISSUER, PAGE, World

CAMEL_CASE = re.compile(r"[a-z]+([A-Z][a-z]+)*")
SNAKE_CASE = re.compile(r"[a-z]+(_[a-z]+)*")
OAUTH = {"TokenForm", "ServiceTokenForm", "TokenAnswer", "OAuthProblem", "ServerMetadata"}
"""The bodies that are of RFC 6749 and RFC 8414."""
API_V1 = {"RelationshipAnswer"}
"""The bodies under `/api/v1`."""


def test_members_are_named_in_camel_case_and_those_of_oauth_and_api_v1_in_snake_case() -> None:
    schemas = document(AREAS, ISSUER)["components"]["schemas"]
    assert schemas.keys() > OAUTH | API_V1
    for name, schema in schemas.items():
        form = SNAKE_CASE if name in OAUTH | API_V1 else CAMEL_CASE
        assert [member for member in schema.get("properties", {}) if not form.fullmatch(member)] == [], name


async def test_what_comes_in_and_goes_out_is_utf_8(world: World) -> None:
    name = "Tandarts Zoë 🌳"
    body = json.dumps({"companyName": name}, ensure_ascii=False).encode()
    answer = await world.client.post("/company/register", content=body, headers={"Content-Type": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    assert name.encode() in answer.content


async def internal_token(world: World, **more: str) -> str:
    """Return a token of one of our own services."""
    service = json.loads((world.folder / "demo-service.json").read_text())
    form = {"grant_type": "client_credentials", **more}
    answer = await world.client.post(
        "/auth/token/internal", data=form, auth=(service["clientId"], service["clientSecret"])
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def test_an_unknown_member_is_refused_wherever_else_a_body_is_read(bench: Bench) -> None:
    ours = {"Authorization": f"Bearer {await internal_token(bench.world)}"}
    bsn = fresh_bsn()
    for path, body, bearer in (
        ("/dossier/permissions", {"bsns": [bsn]}, bench.a.bearer),
        ("/auth/token/professional", {"sub": "prof1"}, bench.a.bearer),
        ("/pseudoniem", {"bsn": bsn}, ours),
        ("/auth/login", {"bsn": bsn, "lastName": "de Mol"}, {}),
    ):
        answer = await bench.world.client.post(path, json={**body, "more": 1}, headers=bearer)
        errors = problem(answer, 422, "invalid_request")["errors"]
        assert errors == [{"pointer": "/more", "rule": "unknown_member"}], path


async def test_a_token_request_of_a_service_may_say_what_nobody_knows(world: World) -> None:
    assert await internal_token(world, resource="x", scope="", client_secret="", client_id="")


@pytest.mark.parametrize("code", with_codes())
async def test_the_type_of_a_problem_leads_to_a_page_about_it(world: World, code: str) -> None:
    page = await world.client.get(f"/errors/{code}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"<code>{code}</code>" in page.text
    assert str(row_of(with_codes()[code]).status) in page.text
    secured(page)


async def test_of_a_code_that_there_is_not_there_is_no_page(world: World) -> None:
    assert (await world.client.get("/errors/nothing")).status_code == 404


async def test_a_page_goes_wrong_as_a_page_and_the_api_as_a_problem_with_the_same_status(world: World) -> None:
    for method, path, status in (
        ("GET", "/launch/x", 401),
        ("POST", "/consents/x", 401),
        ("POST", "/sign-out/", 404),
        ("DELETE", "/register", 405),
        ("GET", "/errors/nothing", 404),
        ("GET", "/dossier", 401),
        ("POST", "/sso/launch", 415),
    ):
        answer = await world.client.request(method, path, headers=PAGE)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
        assert answer.headers.get("www-authenticate", "").startswith("Bearer ") == (status == 401)
        secured(answer)
    problem(await world.client.get("/dossier"), 401, "not_authenticated")
    problem(await world.client.post("/sso/launch"), 415, "unsupported_media_type")


async def test_no_answer_invites_another_site(world: World) -> None:
    elsewhere = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET", "POST"):
        for path in ("/sso/launch", "/sso/session", "/.well-known/jwks.json", "/auth/token", "/"):
            answer = await world.client.request(method, path, headers=elsewhere)
            assert not [name for name in answer.headers if name.startswith("access-control-")], path
