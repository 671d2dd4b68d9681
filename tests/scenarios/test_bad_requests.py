"""Requests that go wrong before their body counts: who asks, by which method, of which address and host."""

import uuid

import pytest

from tests.support.bench import Bench
from tests.support.endpoints import BSN, GUARDED, LAUNCH, SOMEWHERE, Endpoint, send
from tests.support.wire import problem, secured
from tests.support.world import World

pytestmark = pytest.mark.usefixtures("nothing_changes")

UNUSABLE: dict[str, list[tuple[bytes, bytes]]] = {
    "nothing": [],
    "an empty header": [(b"Authorization", b"")],
    "another scheme": [(b"Authorization", b"Basic YTpi")],
    "no scheme": [(b"Authorization", b"abc")],
    "an empty token": [(b"Authorization", b"Bearer ")],
    "no token of ours": [(b"Authorization", b"Bearer abc")],
    "a second token": [(b"Authorization", b"Bearer abc,def")],
    "a token in another script": [(b"Authorization", "Bearer \u00e9".encode())],
    "a very long token": [(b"Authorization", b"Bearer " + b"a" * 9000)],
}


@pytest.mark.parametrize("endpoint", GUARDED, ids=str)
async def test_without_a_usable_credential_there_is_a_challenge(bench: Bench, endpoint: Endpoint) -> None:
    for credential, headers in UNUSABLE.items():
        ask = bench.world.client.build_request(endpoint.method, endpoint.path, json=endpoint.body, headers=headers)
        answer = await bench.world.client.send(ask)
        problem(answer, 401, "not_authenticated")
        told = 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert told == (" token" in credential), credential  # RFC 6750 3.1: no code if no token came
        assert BSN not in answer.text
    for nowhere in ("?access_token=", "?token="):
        url = f"{endpoint.path}{nowhere}{bench.a.token}"
        problem(await bench.world.client.request(endpoint.method, url, json=endpoint.body), 401, "not_authenticated")


@pytest.mark.parametrize("endpoint", GUARDED, ids=str)
async def test_an_authorization_header_is_given_once(bench: Bench, endpoint: Endpoint) -> None:
    headers = [("Authorization", f"Bearer {bench.a.token}")] * 2
    answer = await bench.world.client.request(endpoint.method, endpoint.path, json=endpoint.body, headers=headers)
    problem(answer, 400, "duplicate_parameter")


async def test_the_scheme_of_a_bearer_token_is_read_without_case(bench: Bench) -> None:
    for scheme in ("bearer", "BEARER", "Bearer "):
        headers = {"Authorization": f"{scheme} {bench.a.token}"}
        assert (await bench.world.client.get("/company/keys", headers=headers)).status_code == 200


@pytest.mark.parametrize("endpoint", GUARDED, ids=str)
async def test_a_token_without_the_scope_is_not_enough(bench: Bench, endpoint: Endpoint) -> None:
    scope = "keys:manage" if endpoint.path == "/sso/diagnose" else "sso:issue"
    token = (await bench.a.fetch_token(scope=scope)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = await bench.world.client.request(endpoint.method, endpoint.path, json=endpoint.body, headers=headers)
    problem(answer, 403, "permission_denied")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


PATHS = [
    "/dossier/", "/dossier//permission", f"/dossier/{SOMEWHERE}/", f"/dossier/{BSN}/permission/", "/sso/launch/",
    "/auth/token/", "/company/keys/", "/company/register/", "/sso/session/", "/healthz/", "/.well-known/jwks.json/",
    "/SSO/launch", "/sso/launch/x", "/dossier/a%2Fb", "/dossier/a/b/permission", "/nothing", "/%00", "/%ff", "/\u00e9",
]  # fmt: skip


async def test_an_address_is_exact_and_nothing_redirects_to_it(bench: Bench) -> None:
    for path in PATHS:
        for method in ("GET", "POST"):
            answer = await bench.world.client.request(method, path, headers=bench.a.bearer, follow_redirects=False)
            problem(answer, 404, "not_found")
            assert "location" not in answer.headers


async def test_an_odd_name_in_a_path_is_not_found(bench: Bench) -> None:
    odd = ("%00", "a%00b", "%ff", "%F0%9F%98%80", "x" * 2000, "%27%20OR%201=1--", "{kid}", "%ED%A0%80", "A" * 43)
    for name in odd:
        for method, path in (("GET", f"/dossier/{name}"), ("DELETE", f"/company/keys/{name}")):
            problem(await bench.world.client.request(method, path, headers=bench.a.bearer), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "DELETE", "GET", "HEAD", "POST", "QUERY"])
async def test_another_method_is_not_allowed_and_the_answer_says_which_are(bench: Bench, method: str) -> None:
    allowed = {
        "/auth/token": {"POST"}, "/sso/launch": {"POST"}, "/company/register": {"POST"},
        "/dossier": {"GET", "HEAD", "POST"},
        "/auth/token/internal": {"POST"}, "/auth/token/professional": {"POST"}, "/pseudoniem": {"POST"},
        f"/pseudoniem/{BSN}": {"GET", "HEAD"}, "/company": {"GET", "HEAD"}, "/dossier/permissions": {"POST"},
        "/metrics": {"GET", "HEAD"}, "/sso/continue": {"GET", "HEAD"}, "/errors/not_found": {"GET", "HEAD"},
        "/dossier/permission": {"POST"}, "/sso/session": {"GET", "HEAD", "DELETE"},
        "/company/keys": {"GET", "HEAD", "POST"}, "/company/keys/x": {"DELETE"},
        "/company/secrets": {"GET", "HEAD", "POST"}, "/company/secrets/x": {"DELETE"},
        f"/dossier/{SOMEWHERE}": {"GET", "HEAD", "DELETE"}, f"/dossier/{BSN}/permission": {"GET", "HEAD"},
        "/healthz": {"GET", "HEAD"}, "/readyz": {"GET", "HEAD"}, "/.well-known/jwks.json": {"GET", "HEAD"},
    }  # fmt: skip
    for path, methods in allowed.items():
        if method in methods:
            continue
        answer = await bench.world.client.request(method, path, headers=bench.a.bearer)
        assert answer.status_code == 405, path
        assert set(answer.headers["allow"].split(", ")) == methods
        secured(answer)


async def test_another_host_name_is_refused(bench: Bench) -> None:
    others = ("evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::1]:8080", "127.0.0.1:80:80")
    for host in others:
        for endpoint in (LAUNCH, Endpoint("GET", "/healthz"), Endpoint("GET", "/nothing")):
            problem(await send(bench, endpoint, None, Host=host), 400, "unknown_host")


async def test_the_port_of_a_host_does_not_count_and_two_hosts_are_none(bench: Bench) -> None:
    for host in ("127.0.0.1", "127.0.0.1:9999", "LOCALHOST:8080"):
        assert (await send(bench, Endpoint("GET", "/healthz"), None, Host=host)).status_code == 200
    twice = [("Host", "127.0.0.1"), ("Host", "127.0.0.1")]
    problem(await bench.world.client.get("/healthz", headers=twice), 400, "unknown_host")


async def test_a_request_id_is_kept_if_it_is_one_and_else_replaced(world: World) -> None:
    for good in (str(uuid.uuid4()), uuid.uuid4().hex, uuid.uuid4().hex.upper()):
        answer = await world.client.get("/nothing", headers={"X-Request-Id": good})
        assert problem(answer, 404, "not_found")["requestId"] == good
    for bad in ("", "1", "x" * 32, f"{uuid.uuid4()}x", f"{{{uuid.uuid4()}}}", BSN, "a" * 33, '"><script>'):
        answer = await world.client.get("/healthz", headers={"X-Request-Id": bad})
        assert answer.headers["x-request-id"] != bad
        secured(answer)
