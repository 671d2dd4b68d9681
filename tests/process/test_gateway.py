"""The gateway of docker-compose.yml, a real nginx: whose a path is, and what it does not let through."""

import re
import secrets
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from common.http.app import create_app
from common.http.context import RequestContext
from common.http.routing import Resource
from common.key_files import make_key
from common.settings import Settings
from services import apart
from services.databases import open_databases
from services.migrate import migrate
from tests.support.backends import answering
from tests.support.bsns import fresh_bsn
from tests.support.servers.loopback import HOST, free_port
from tools.stack.compose_file import FILE, canonical, containers
from tools.stack.programs import Nginx
from tools.stack.running import free_addresses
from tools.stack.translation import translate

BEHIND = ("identity", "dossier", "website")
COMPOSITIONS = {
    "identity": apart.open_identity,
    "pseudoniem": apart.open_pseudoniem,
    "dossier": apart.open_dossier,
    "website": apart.open_website,
}
EVERYONES = {"/healthz": "identity", "/readyz": "identity", "/openapi.json": "website", "/docs": "website"}
"""What each service has of its own, and whose is shown."""


class Gateway(Nginx):
    """An nginx with the gateway's configuration, its patience cut from ten seconds to one."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.published}"

    @property
    def published(self) -> int:
        """The port on which it listens."""
        return self.translation.container.published[8080]

    def log(self) -> str:
        """Return what it has said so far."""
        return (self.folder / "log").read_text()

    def _prepare(self) -> None:
        file = self.translation.files["/etc/nginx/nginx.conf"]
        text = file.read_text()
        assert text.count(" 10s;") > 3
        if "/etc/nginx/tls" in self.translation.files:
            text = re.sub(r"# ((listen \S+ ssl|ssl_\w+ [^;]+);)", r"\1", text)
        file.write_text(text.replace(" 10s;", " 1s;"))


@contextmanager
def opened(place: Path, file: Path = FILE) -> Iterator[Gateway]:
    """Run the gateway of a compose file, and behind it services that say what they were asked."""
    (place / ".env").touch()
    everyone = containers(canonical(place, file, LISTEN=f"{HOST}:{free_port()}"))
    addresses = dict(zip([one.name for one in everyone], free_addresses(len(everyone)), strict=True))
    (container,) = (one for one in everyone if one.name == "gateway")
    translation = translate(container, addresses, container.fixed, place / "gateway")
    with answering({name: addresses[name] for name in BEHIND}), Gateway(translation) as started:
        yield started


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway as it is in the repository."""
    with opened(tmp_path_factory.mktemp("place")) as started:
        yield started


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[httpx2.Client]:
    """A caller."""
    with httpx2.Client(base_url=gateway.url, timeout=10) as caller:
        yield caller


@pytest.fixture(scope="module")
async def routes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The paths that each service serves, from the services themselves."""
    tmp_path = tmp_path_factory.mktemp("services")
    urls = {owner: f"sqlite:///{tmp_path}/{owner}.db" for owner in ("identity", "pseudoniem", "dossier")}
    databases = open_databases(urls)
    await migrate(databases)
    await databases.close()
    for name in ("sealing", "digest"):
        make_key(tmp_path / name)
    for name in ("dossier", "website"):
        (tmp_path / f"{name}.secret").write_text(secrets.token_hex())
    settings = Settings.model_validate(
        {
            "issuer": {"url": "https://sso.example"},
            "redis": {"url": "redis://127.0.0.1:1/0"},
            "database": {f"{owner}_url": url for owner, url in urls.items()},
            "keys": {"sealing_file": tmp_path / "sealing", "digest_file": tmp_path / "digest"},
            "services": {name: {"secret_file": tmp_path / f"{name}.secret"} for name in ("dossier", "website")},
            "peers": {f"{name}_url": "http://127.0.0.1:1" for name in ("identity", "pseudoniem", "dossier")},
        }
    )
    served: dict[str, set[str]] = {}
    for name, compose in COMPOSITIONS.items():
        with pytest.MonkeyPatch.context() as listener:
            listener.setattr("services.composition.create_app", partial(noted, served.setdefault(name, set())))
            async with compose(settings):
                pass
    return served


def noted(paths: set[str], routes: Sequence[Resource], **rest: Any) -> RequestContext:
    """Make the application of these routes, and take note of their paths."""
    paths |= {re.sub(r"{\w+}", "1", route.path) for route in routes}
    return create_app(routes, **rest)


def half_sent(gateway: Gateway, request: bytes) -> bytes:
    """Send the beginning of a request and no more; return what comes until the connection ends."""
    with socket.create_connection((HOST, gateway.published), timeout=8) as connection:
        connection.sendall(request)
        try:
            return b"".join(iter(lambda: connection.recv(4096), b""))
        except ConnectionResetError:
            return b""


INSIDE = ("/internal/", "/auth/token/internal")
"""What nobody outside has a use for."""


def test_every_path_of_a_service_reaches_that_service(client: httpx2.Client, routes: dict[str, set[str]]) -> None:
    shared = set.intersection(*routes.values())
    assert shared == {*EVERYONES, "/metrics"}
    owners = {path: name for name in BEHIND for path in routes[name] - shared if not path.startswith(INSIDE)}
    assert len(owners) > 20
    reached = {path: client.get(path).json().get("service") for path in owners | EVERYONES}
    assert reached == owners | EVERYONES


def test_what_is_for_our_own_services_is_not_found(client: httpx2.Client, routes: dict[str, set[str]]) -> None:
    hidden = {path for name in routes for path in routes[name] if path.startswith(INSIDE)}
    hidden |= routes["pseudoniem"] - set(EVERYONES)
    assert {"/metrics", "/pseudoniem", "/pseudoniem/1"} < hidden
    assert len(hidden) > 8
    for path in hidden:
        answer = client.post(path, json={})
        assert (path, answer.status_code, answer.json()["code"]) == (path, 404, "not_found")


@pytest.mark.parametrize(
    "disguise",
    [
        "/%69nternal/consents",
        "/internal%2Fconsents",
        "/internal/../internal/consents",
        "//internal/consents",
        "/./pseudoniem",
        "/dossier/../pseudoniem",
        "/api/v1/treatment_relationships/..%2F..%2F..%2Finternal%2Fconsents",
        "/dossier/%2e%2e/pseudoniem/123456782",
        "/pseudoniem%2F123456782",
        "/pseudoniem?bsn=123456782",
        "/metrics/",
    ],
)
def test_no_other_spelling_leads_there(gateway: Gateway, disguise: str) -> None:
    request = f"GET {disguise} HTTP/1.1\r\nHost: sso.example\r\nConnection: close\r\n\r\n"
    assert half_sent(gateway, request.encode()).startswith(b"HTTP/1.1 404 ")


def test_what_is_nobodys_is_asked_of_the_service_that_has_nothing(client: httpx2.Client) -> None:
    for path in ("/nothing", "/dossiers", "/internals", "/Dossier"):
        assert client.get(path).json()["service"] == "website"


def test_the_request_arrives_as_it_was_sent(client: httpx2.Client) -> None:
    seen = client.get("/errors/a%2Fb?x=%20", headers={"Host": "sso.example:8443"}).json()
    assert (seen["path"], seen["headers"]["host"]) == ("/errors/a%2Fb?x=%20", "sso.example:8443")


def test_an_id_in_a_path_may_have_slashes(client: httpx2.Client) -> None:
    for path in (f"/api/v1/treatment_relationships/{name}" for name in ("a%2Fb", "%2F", "a%2F..%2Fb", "%3Fx")):
        seen = client.get(path).json()
        assert (seen["service"], seen["path"]) == ("identity", path)


def test_a_caller_cannot_claim_another_address(client: httpx2.Client) -> None:
    seen = client.get("/company", headers={"X-Forwarded-For": "203.0.113.7"}).json()
    assert seen["headers"]["x-forwarded-for"] == HOST


def test_a_body_of_64_kib_is_the_services_to_judge_and_one_far_larger_is_refused(client: httpx2.Client) -> None:
    assert client.post("/sso/launch", content=b"x" * 70_000).json()["length"] == 70_000
    refused = client.post("/sso/launch", content=b"x" * 80_000)
    assert (refused.status_code, refused.json()["code"], refused.json()["status"]) == (413, "body_too_large", 413)


def test_a_flood_of_launches_from_one_address_ends_here_and_holds_nobody_else_up(gateway: Gateway) -> None:
    """Five at once, and twenty-five that wait for their turn: the rest hears at once that it is too much."""

    def launches(address: str, number: int) -> list[httpx2.Response]:
        transport = httpx2.HTTPTransport(local_address=address, verify=False)
        with (
            httpx2.Client(base_url=gateway.url, transport=transport, timeout=10) as caller,
            ThreadPoolExecutor(number) as everyone,
        ):
            return list(everyone.map(lambda _: caller.post("/sso/launch", json={"token": "forged"}), range(number)))

    flood = launches("127.0.0.7", 90)
    refused = [answer for answer in flood if not answer.is_success]
    assert 30 <= len(flood) - len(refused) < 60  # some of the ninety came late enough for another's turn
    for answer in refused:
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "rate_limited", "1")
    assert [answer.status_code for answer in launches("127.0.0.8", 20)] == [200] * 20


def test_a_service_that_does_not_answer_is_unavailable(client: httpx2.Client) -> None:
    answer = client.get("/dossier", headers={"X-Hang-Up": "1"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    problem = answer.json()
    assert (answer.headers["content-type"], problem["code"]) == ("application/problem+json", "unavailable")
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_head_that_does_not_end_is_not_waited_for(gateway: Gateway) -> None:
    assert half_sent(gateway, b"GET /company HTTP/1.1\r\nHost: sso.example\r\n") == b""


def test_a_body_that_does_not_end_is_not_waited_for(gateway: Gateway) -> None:
    request = b"POST /sso/launch HTTP/1.1\r\nHost: sso.example\r\nContent-Length: 10\r\n\r\n{"
    assert b"service" not in half_sent(gateway, request)


def test_no_line_of_the_log_has_a_path(gateway: Gateway, client: httpx2.Client) -> None:
    bsn = fresh_bsn()
    for headers in ({}, {"X-Hang-Up": "1"}):
        client.get(f"/dossier/{bsn}/permission", headers=headers)
    assert gateway.log().count('"to":"http://') > 1
    assert bsn not in gateway.log()


def test_with_the_lines_about_tls_it_has_its_own_certificate(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    key, certificate = tmp_path / "tls" / "privkey.pem", tmp_path / "tls" / "fullchain.pem"
    kind = ["-x509", "-days", "1", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    name = ["-subj", "/CN=sso.example", "-addext", f"subjectAltName=IP:{HOST}"]
    made = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["/usr/bin/env", "openssl", "req", *kind, *name, *made], capture_output=True, check=True)
    with_tls = tmp_path / "docker-compose.yml"
    port = free_port()
    text, uncommented = re.subn(r"# (- (\$\{PLACE:-\.\}/tls|443:8443))", r"\1", FILE.read_text())
    assert uncommented == 2
    with_tls.write_text(text.replace("- 443:8443", f"- {port}:8443"))
    with opened(tmp_path, with_tls):
        trusting = ssl.create_default_context(cafile=str(certificate))
        seen = httpx2.get(f"https://{HOST}:{port}/company", verify=trusting).json()
    assert (seen["service"], seen["headers"]["x-forwarded-proto"]) == ("identity", "https")
