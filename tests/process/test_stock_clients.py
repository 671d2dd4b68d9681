"""OAuth clients that are not ours get a token from the metadata document alone, and ask for a permission with it."""

import time
from collections.abc import Iterator

import httpx2
import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from tests.support.bsns import fresh_bsn
from tests.support.demo_server import DemoServer
from tests.support.ehr import Ehr

METADATA = "/.well-known/oauth-authorization-server"


@pytest.fixture
def client(demo: DemoServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=demo.url) as opened:
        yield opened


@pytest.fixture
def company(client: httpx2.Client) -> dict[str, str]:
    """What a company knows of itself once it has registered."""
    registered: dict[str, str] = client.post("/company/register", json={"companyName": "Apotheek De Brug"}).json()
    return registered


def asks_for_a_permission(session: OAuth2Session, server: dict[str, str]) -> None:
    """Fetch a token as the metadata say, and use it."""
    token = session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 900)
    bsn = fresh_bsn()
    assert session.post(f"{server['issuer']}/dossier", json={"bsn": bsn}).status_code == 201
    refused = session.get(f"{server['issuer']}/dossier/{bsn}/permission")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_missing")


def test_the_metadata_are_true(client: httpx2.Client, demo: DemoServer) -> None:
    answer = client.get(METADATA)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    server = answer.json()
    assert server["issuer"] == demo.url
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
        asks_for_a_permission(session, server)


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_authlib_gets_a_token_with_a_key(client: httpx2.Client, company: dict[str, str], alg: str) -> None:
    server = client.get(METADATA).json()
    assert alg in server["token_endpoint_auth_signing_alg_values_supported"]
    ehr = Ehr(alg)
    with OAuth2Session(company["companyId"], company["companySecret"]) as session:
        session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
        uploaded = session.post(f"{server['issuer']}/company/keys", json={"jwk": ehr.public_jwk()})
        assert uploaded.status_code == 201
    claims = {"exp": int(time.time()) + 60}  # an hour, the library's own choice, is too long
    by_key = PrivateKeyJWT(server["token_endpoint"], claims, {"kid": ehr.kid}, alg)
    with OAuth2Session(company["companyId"], ehr.key, token_endpoint_auth_method=by_key) as session:
        asks_for_a_permission(session, server)
