"""Every response carries the security headers, its request id, and no more than it must (contract, section 1)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from common.errors import NotFound, ServiceError
from common.http.app import create_app
from common.http.routing import Resource
from common.http.security import content_security_policy
from common.limits import Limits
from tests.support.logs import log_of
from tests.support.memory import MemoryLimiter

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
SECRET = "123456782"


async def fine(_request: Request) -> Response:
    return PlainTextResponse("fine")


async def own_headers(_request: Request) -> Response:
    return PlainTextResponse("kept", headers={"Cache-Control": "public, max-age=300"})


async def nothing(_request: Request) -> Response:
    raise NotFound("Nothing here.")


async def fault(_request: Request) -> Response:
    raise RuntimeError(SECRET)


def error_page(_request: Request, error: ServiceError, request_id: str) -> Response:
    return HTMLResponse(f"<p>{error.code} {request_id}", 404)


ROUTES = [
    Resource("/fine", GET=fine),
    Resource("/own", GET=own_headers),
    Resource("/nothing", GET=nothing),
    Resource("/fault", GET=fault),
    Resource("/oauth", wire="oauth", GET=fault),
    Resource("/page", wire="page", GET=nothing),
]


async def get(path: str, *, https: bool = False, method: str = "GET", **headers: str) -> httpx2.Response:
    app = create_app(
        ROUTES,
        hosts=frozenset({"sso.example"}),
        https=https,
        error_page=error_page,
        observe=lambda *_: None,
        refused=lambda *_: None,
        limits=Limits(MemoryLimiter()),
    )
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://sso.example") as client:
        return await client.request(method, path, headers=sent)


@pytest.mark.parametrize("path", ["/fine", "/nothing", "/fault", "/oauth", "/page", "/nowhere", "/fine/"])
async def test_every_response_has_the_security_headers(path: str) -> None:
    response = await get(path)
    assert ALWAYS.items() <= response.headers.items()
    policy = response.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy)
    assert "access-control-allow-origin" not in response.headers
    assert "strict-transport-security" not in response.headers
    assert "server" not in response.headers


async def test_over_https_browsers_are_told_to_stay_there() -> None:
    assert "max-age=31536000" in (await get("/fine", https=True)).headers["strict-transport-security"]
    assert "max-age=31536000" in (await get("/nowhere", https=True)).headers["strict-transport-security"]


@pytest.mark.parametrize("place", ["iframe", "frame", "embed", "object", "fencedframe"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_inside_another_page_nothing_is_done(place: str, method: str) -> None:
    response = await get("/page", method=method, Sec_Fetch_Dest=place)
    assert "permission_denied" in response.text


@pytest.mark.parametrize("place", ["document", "empty", ""])
async def test_in_a_window_of_its_own_a_page_opens(place: str) -> None:
    assert (await get("/fine", Sec_Fetch_Dest=place)).text == "fine"


async def test_a_response_keeps_what_it_says_itself() -> None:
    assert (await get("/own")).headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("kept", ["0123456789abcdef" * 2, "3FA85F64-5717-4562-B3FC-2C963F66AFA6"])
async def test_a_request_id_that_is_one_is_kept(kept: str) -> None:
    assert (await get("/fine", X_Request_Id=kept)).headers["x-request-id"] == kept


@pytest.mark.parametrize(
    "replaced", ["", "1", SECRET, "x" * 32, "0" * 33, "0" * 32 + " x", "a\tb", "{" + "0" * 30 + "}"]
)
async def test_any_other_request_id_is_replaced(replaced: str) -> None:
    given = (await get("/fine", X_Request_Id=replaced)).headers["x-request-id"]
    assert given != replaced
    assert UUID(given).version == 4


async def test_each_request_is_one_line_of_the_log_without_its_path() -> None:
    with log_of() as log:
        answer = await get("/own")
        await get("/nowhere", method="BREW")
    own, nowhere = map(json.loads, log.getvalue().splitlines())
    assert {"milliseconds", "timestamp"} <= own.keys()
    assert abs(datetime.now(UTC) - datetime.fromisoformat(own.pop("timestamp"))).total_seconds() < 60
    assert own.pop("milliseconds") >= 0
    assert own == {
        "method": "GET",
        "route": "/own",
        "status": 200,
        "request_id": answer.headers["x-request-id"],
        "event": "request",
        "level": "info",
    }
    assert (nowhere["method"], nowhere["route"], nowhere["status"]) == ("other", "-", 404)


async def test_an_error_names_the_request_id_of_its_header() -> None:
    response = await get("/nothing")
    assert response.json()["requestId"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("sso.example", 200),
        ("SSO.Example", 200),
        ("sso.example:8443", 200),
        ("evil.example", 400),
        ("sso.example.evil", 400),
        ("sso.example@evil", 400),
        ("sso.example:80x", 400),
        ("", 400),
    ],
)
async def test_another_host_is_not_answered(host: str, status: int) -> None:
    assert (await get("/fine", Host=host)).status_code == status


@pytest.mark.parametrize(
    ("path", "media_type"), [("/fault", "application/problem+json"), ("/oauth", "application/json")]
)
async def test_a_fault_of_ours_says_nothing_of_itself(path: str, media_type: str) -> None:
    response = await get(path)
    assert (response.status_code, response.headers["content-type"]) == (500, media_type)
    assert SECRET not in response.text
    assert "RuntimeError" not in response.text


async def test_a_method_that_a_path_does_not_have_is_405_with_those_it_has() -> None:
    response = await get("/fine", method="DELETE")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


async def test_an_error_is_a_page_for_whoever_asks_for_one_and_on_pages() -> None:
    asked, page, plain = await get("/nothing", Accept="text/html"), await get("/page"), await get("/nothing")
    kinds = [response.headers["content-type"].partition(";")[0] for response in (asked, page, plain)]
    assert kinds == ["text/html", "text/html", "application/problem+json"]


POLICIES: list[tuple[Mapping[str, str], str]] = [
    ({"form_action": "'none'"}, "form-action 'none'"),
    ({"script_src": "'self'"}, "script-src 'self'"),
]


@pytest.mark.parametrize(("directives", "expected"), POLICIES)
def test_a_page_can_replace_a_directive_and_keeps_the_others(directives: Mapping[str, str], expected: str) -> None:
    policy = content_security_policy(**directives).split("; ")
    assert expected in policy
    assert "default-src 'none'" in policy
    assert len({directive.split(" ")[0] for directive in policy}) == len(policy)
