"""OAuth clients that are not ours get a token from the metadata document alone, and ask for a permission with it.

Authlib, openid-client and oauth4webapi, curl, against `sso serve all`; and the examples, which are made of the same, as
their page says: against the demo.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from tests.support.bsns import fresh_bsn
from tests.support.demo_server import DemoServer
from tests.support.ehr import Ehr
from tests.support.examples import (
    EXAMPLES,
    LAUNCHES,
    PERMISSIONS,
    TYPESCRIPT,
    Ended,
    run_examples,
    run_npm_clients,
    run_page,
)
from tests.support.production_server import ProductionServer
from tests.support.servers.redis_server import RedisServer
from tests.support.world import PAGE

METADATA = "/.well-known/oauth-authorization-server"


class OpenProduction(ProductionServer):
    """A production where a company that registers may have tokens at once."""

    @property
    def settings(self) -> dict[str, str]:
        return {**super().settings, "SSO_COMPANIES__REGISTRATION": "open"}


@pytest.fixture(scope="module")
def production(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionServer]:
    """A running `sso serve all`."""
    url = f"sqlite:///{tmp_path_factory.mktemp('production') / 'sso.db'}"
    with OpenProduction(url, redis_server.url) as server:
        yield server


@pytest.fixture
def client(production: ProductionServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=production.url) as opened:
        yield opened


@pytest.fixture
def company(client: httpx2.Client) -> dict[str, str]:
    """What a company knows of itself once it has registered."""
    registered: dict[str, str] = client.post("/company/register", json={"companyName": "Apotheek De Brug"}).json()
    return registered


def asks_for_a_permission(
    session: OAuth2Session, server: dict[str, str], method: Callable[[], str | PrivateKeyJWT]
) -> None:
    """Fetch a token as the metadata say, use it, ask about it, and give it up; each time with a `method` of its own."""
    token = session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 900)
    bsn = fresh_bsn()
    assert session.post(f"{server['issuer']}/dossier", json={"bsn": bsn}).status_code == 201
    refused = session.get(f"{server['issuer']}/dossier/{bsn}/permission")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_missing")
    known = []
    for _ in range(2):
        about = {"token": token["access_token"], "auth": session.client_auth(method())}
        known.append(session.introspect_token(server["introspection_endpoint"], **about).json()["active"])
        about["auth"] = session.client_auth(method())
        assert session.revoke_token(server["revocation_endpoint"], **about).status_code == 200
    assert known == [True, False]


def test_the_metadata_are_true(client: httpx2.Client, production: ProductionServer) -> None:
    answer = client.get(METADATA)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    server = answer.json()
    assert server["issuer"] == production.url
    for name, url in server.items():
        if name.endswith(("_endpoint", "_uri")):
            there = client.options(url)
            assert there.status_code != 404, name
    assert client.get(server["jwks_uri"]).json()["keys"]
    assert server["grant_types_supported"] == ["client_credentials"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_gets_a_token_with_a_secret(client: httpx2.Client, company: dict[str, str], method: str) -> None:
    server = client.get(METADATA).json()
    assert method in server["token_endpoint_auth_methods_supported"]
    with OAuth2Session(company["companyId"], company["companySecret"], token_endpoint_auth_method=method) as session:
        asks_for_a_permission(session, server, lambda: method)


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_authlib_gets_a_token_with_a_key(client: httpx2.Client, company: dict[str, str], alg: str) -> None:
    server = client.get(METADATA).json()
    assert alg in server["token_endpoint_auth_signing_alg_values_supported"]
    ehr = Ehr(alg)
    with OAuth2Session(company["companyId"], company["companySecret"]) as session:
        session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
        uploaded = session.post(f"{server['issuer']}/company/keys", json={"jwk": ehr.public_jwk()})
        assert uploaded.status_code == 201
    with OAuth2Session(company["companyId"], ehr.key, token_endpoint_auth_method=by_key(server, ehr)) as session:
        asks_for_a_permission(session, server, lambda: by_key(server, ehr))


def by_key(server: dict[str, str], ehr: Ehr) -> PrivateKeyJWT:
    """Return the method of Authlib's, for one request: told how long, it keeps its jti; its own hour is too long."""
    return PrivateKeyJWT(server["token_endpoint"], {"exp": int(time.time()) + 60}, {"kid": ehr.kid}, ehr.alg)


async def test_authlibs_other_client_gets_a_token_in_each_way(client: httpx2.Client, company: dict[str, str]) -> None:
    server, ehr = client.get(METADATA).json(), Ehr("ES256")
    company_id, secret = company["companyId"], company["companySecret"]
    ways = {"client_secret_basic": secret, "client_secret_post": secret, by_key(server, ehr): ehr.key}
    for method, proof in ways.items():
        async with AsyncOAuth2Client(company_id, proof, token_endpoint_auth_method=method) as session:
            await session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
            await session.post(f"{server['issuer']}/company/keys", json={"jwk": ehr.public_jwk()})
            refused = await session.get(f"{server['issuer']}/dossier/{fresh_bsn()}/permission")
            assert (refused.status_code, refused.json()["code"]) == (403, "consent_missing")


@pytest.fixture(scope="module")
def seen(production: ProductionServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What openid-client and oauth4webapi got, who were told the issuer and the company's credentials alone."""
    company = httpx2.post(f"{production.url}/company/register", json={"companyName": "Apotheek De Brug"}).json()
    credentials = {"COMPANY_ID": company["companyId"], "COMPANY_SECRET": company["companySecret"]}
    home = tmp_path_factory.mktemp("home")
    return run_npm_clients(home, ISSUER=production.url, BSN=fresh_bsn(), **credentials) | {
        "company": company["companyId"]
    }


@pytest.mark.parametrize(
    "way",
    ["client_secret_basic", "client_secret_post", "metadata URL alone", "private_key_jwt RS256",
     "private_key_jwt PS256", "private_key_jwt ES256", "private_key_jwt ES384", "private_key_jwt Ed25519"],
)  # fmt: skip
def test_openid_client_gets_a_token_from_the_issuers_name_alone(seen: dict[str, Any], way: str) -> None:
    assert seen[way] == {
        "token_type": "bearer",  # it reads it without case
        "expires_in": 900,
        "scope": "permission:read",
        "permission": [403, "consent_missing"],
    }


def test_openid_client_asks_about_its_token_and_revokes_it(seen: dict[str, Any]) -> None:
    assert seen["introspection"] == [True, False]


def test_openid_client_understands_a_refusal(seen: dict[str, Any]) -> None:
    assert seen["wrong secret"] == [401, "basic", "sso"]


def test_a_stock_resource_server_reads_our_token_as_rfc_9068_says(
    seen: dict[str, Any], production: ProductionServer
) -> None:
    scope = "dossier:read dossier:write permission:read sso:issue keys:manage"
    company_id = seen["company"]
    assert seen["RFC 9068"] == {"sub": company_id, "client_id": company_id, "aud": production.url, "scope": scope}


def curl(*arguments: str) -> dict[str, Any]:
    told = subprocess.run(["/usr/bin/env", "curl", "-s", *arguments], capture_output=True, timeout=20, check=True)
    members: dict[str, Any] = json.loads(told.stdout)
    return members


def test_curl_gets_a_token_and_asks_for_a_permission(production: ProductionServer, company: dict[str, str]) -> None:
    server = curl(f"{production.url}{METADATA}")
    who = ("-u", f"{company['companyId']}:{company['companySecret']}")
    token = curl(server["token_endpoint"], *who, "-d", "grant_type=client_credentials", "-d", "scope=permission:read")
    bearer = f"Authorization: {token['token_type']} {token['access_token']}"
    assert curl(f"{production.url}/dossier/{fresh_bsn()}/permission", "-H", bearer)["gavePermission"] is False


@pytest.fixture(scope="module")
def page(demo: DemoServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, dict[str, str]]:
    """How the examples went by copy and paste, and the environment that they had."""
    return run_page(demo.url, tmp_path_factory.mktemp("example"))


def test_the_examples_work_by_copy_and_paste(page: tuple[Ended, dict[str, str]]) -> None:
    ended, given = page
    assert ended.code == 0, ended.lines
    told = [json.loads(line) for line in ended.lines if line.startswith("{")]  # and what an installation says
    dossier, python, asked, typescript, asked_again, by_shell = told
    for launch, status in ((python, "created"), (typescript, "linked")):
        assert launch["dossier"] == {"dossierId": dossier["dossierId"], "permission": "pending"}
        assert (launch["company"]["companyId"], launch["professional"]["status"]) == (given["COMPANY_ID"], status)
        assert "accessToken" not in launch
    assert [one["code"] for one in (asked, asked_again, by_shell)] == ["consent_missing"] * 3
    assert given["PATIENT_BSN"] not in "".join(ended.lines)


def test_no_program_on_the_page_gets_a_secret_a_token_or_a_bsn_as_an_argument() -> None:
    """Everybody on the machine can read those; what the shell does by itself nobody sees."""
    commands = re.findall(r"\b(?:curl|openssl|awk|sed|cat|node)\b[^|\n]*", (EXAMPLES / "README.md").read_text())
    assert len([command for command in commands if command.startswith("curl -s")]) == 3
    assert not [one for one in commands if re.search(r"\$(token|PATIENT_BSN|company\b|2)|-u |Bearer", one)]


def test_an_example_prints_why_it_was_refused(page: tuple[Ended, dict[str, str]]) -> None:
    given = page[1] | {"KEY_ID": "another", "SECRET_FILE": page[1]["KEY_FILE"]}
    ends = run_examples((*LAUNCHES, *PERMISSIONS), given)
    assert [end.code for end in ends] == [1] * 4
    told = [json.loads("".join(end.lines)) for end in ends]
    assert [one.get("code", one.get("error")) for one in told] == ["token_rejected"] * 2 + ["invalid_client"] * 2


def test_once_the_patient_approves_the_permission_is_given_and_no_log_has_the_bsn(
    demo: DemoServer, page: tuple[Ended, dict[str, str]]
) -> None:
    given = page[1]
    dossier = json.loads(page[0].lines[0])
    patient = {"bsn": given["PATIENT_BSN"], "firstName": "Peter", "lastName": "de Mol"}
    session = httpx2.post(f"{demo.url}/register", data=patient).headers["set-cookie"].partition(";")[0]
    browser = PAGE | {"Cookie": session}
    (token,) = set(re.findall(r'name="csrfToken" value="([^"]+)"', httpx2.get(f"{demo.url}/", headers=browser).text))
    choice = {"choice": "approved", "csrfToken": token}
    chosen = httpx2.post(f"{demo.url}/consents/{dossier['dossierId']}", data=choice, headers=browser)
    assert chosen.status_code == 303
    for end in run_examples(PERMISSIONS, given):
        assert (end.code, [json.loads(line) for line in end.lines]) == (0, [{"gavePermission": True}])
    log = (demo.folder / "log").read_text()
    assert "/dossier/permission" in log
    assert given["PATIENT_BSN"] not in log


def test_the_lock_of_the_npm_packages_has_a_hash_for_each_and_no_address() -> None:
    lock = (TYPESCRIPT / "package-lock.json").read_text()
    assert lock.count('"node_modules/') == lock.count('"integrity": "sha512-') > 0
    assert '"resolved"' not in lock
