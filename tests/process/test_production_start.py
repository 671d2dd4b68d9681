"""Production in one process: what it needs to start, whom it lets in, and what of the demo it does not have."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from common.key_files import make_key
from tests.support import started
from tests.support.bsns import fresh_bsn
from tests.support.production_server import ProductionServer
from tests.support.servers.loopback import free_port
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer


@pytest.fixture(scope="module")
async def database_url(postgres_server: PostgresServer) -> str:
    """An empty database; made apart, as `sso migrate` runs an event loop of its own."""
    return await postgres_server.create_database()


@pytest.fixture(scope="module")
def production(database_url: str, redis_server: RedisServer) -> Iterator[ProductionServer]:
    """A running production: do not stop it."""
    with ProductionServer(database_url, redis_server.url) as server:
        yield server


def refusal(settings: dict[str, str]) -> str:
    """Start production where it must not start; return the one sentence that it says."""
    return started.refusal("all", "--port", str(free_port()), **settings)


def test_an_operator_decides_who_takes_part(production: ProductionServer) -> None:
    with httpx2.Client(base_url=production.url) as client:
        registered = client.post("/company/register", json={"companyName": "Huisartsenpraktijk De Linde"}).json()
        assert registered["status"] == "pending"
        company_id = registered["companyId"]
        credentials = {"companyId": company_id, "companySecret": registered["companySecret"]}
        refused = client.post("/auth/token", json=credentials)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")

        assert production.sso("company", "approve", company_id).code == 0
        token = client.post("/auth/token", json=credentials).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("/company", headers=bearer).json()["status"] == "active"

        assert production.sso("company", "withdraw-keys", company_id).code == 1
        assert production.sso("company", "suspend", company_id).code == 0
        assert production.sso("company", "withdraw-keys", company_id).out.endswith("publishes no keys.\n")
        assert client.get("/company", headers=bearer).status_code == 401
        assert client.post("/auth/token", json=credentials).status_code == 401

        assert production.sso("company", "resume", company_id).code == 0
        assert client.get("/company", headers=bearer).status_code == 200

        of_the_demo = client.post("/dossier", json={"bsn": "123456780"}, headers=bearer)
        assert (of_the_demo.status_code, of_the_demo.json()["code"]) == (422, "invalid_request")


def test_a_service_named_in_the_settings_has_internal_tokens(production: ProductionServer) -> None:
    form = {"grant_type": "client_credentials"}
    with httpx2.Client(base_url=production.url) as client:
        refused = client.post("/auth/token/internal", data=form, auth=("reports", "another secret"))
        assert refused.status_code == 401
        answer = client.post("/auth/token/internal", data=form, auth=("reports", production.service_secret))
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert client.post("/pseudoniem", json={"bsn": fresh_bsn()}, headers=bearer).status_code == 200


def test_nothing_of_the_demo_is_there(production: ProductionServer) -> None:
    with httpx2.Client(base_url=production.url, headers={"Accept": "application/json"}) as client:
        for path in ("/simulator", "/register", "/sign-in", "/auth/login"):
            assert client.get(path).status_code == 404, path
        front = client.get("/")
        assert front.status_code == 200
        assert "identity provider" in front.text
        assert client.get("/", headers={"Host": "localhost"}).status_code == 400


def test_everything_that_is_missing_is_named_in_one_sentence() -> None:
    said = refusal({})
    for name in ("ISSUER__URL", "REDIS__URL", "DATABASE__URL", "KEYS__SEALING_FILE", "KEYS__DIGEST_FILE"):
        assert f"SSO_{name}" in said


async def test_a_schema_that_is_not_current_is_named_with_the_cure(
    production: ProductionServer, postgres_server: PostgresServer
) -> None:
    empty = await postgres_server.create_database()
    said = refusal({**production.settings, "SSO_DATABASE__URL": empty})
    assert "run `sso migrate`" in said
    assert postgres_server.password not in said


@pytest.mark.parametrize(("key", "says"), [("sealing", "does not open"), ("digest", "digest key is not the one")])
def test_a_foreign_key_is_refused_before_it_can_do_harm(
    production: ProductionServer, tmp_path: Path, key: str, says: str
) -> None:
    make_key(tmp_path / "foreign.key")
    assert says in refusal({**production.settings, f"SSO_KEYS__{key.upper()}_FILE": str(tmp_path / "foreign.key")})
