"""What the settings change: who may take part, which names and databases count, and what nobody has to set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from common.clock import wall_clock
from common.key_files import make_key
from common.settings_source import read_settings
from services.all import open_all
from services.databases import open_databases, urls_of
from services.migrate import migrate
from tests.support.bsns import fresh_bsn
from tests.support.command import sso
from tests.support.ehr import PROFESSIONAL, Ehr
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem
from tests.support.world import World

ROOT = Path(__file__).parents[2]
HOST = "sso.example"
OWNERS = ("IDENTITY", "PSEUDONIEM", "DOSSIER")


@pytest.fixture
def settings(tmp_path: Path, redis_server: RedisServer) -> dict[str, str]:
    """What production has to be told, each owner with a database of its own."""
    for name in ("sealing", "digest"):
        make_key(tmp_path / f"{name}.key")
    owners = {f"SSO_DATABASE__{owner}_URL": f"sqlite:///{tmp_path / owner}.db" for owner in OWNERS}
    files = {f"SSO_KEYS__{name.upper()}_FILE": str(tmp_path / f"{name}.key") for name in ("sealing", "digest")}
    return {**owners, **files, "SSO_ISSUER__URL": f"https://{HOST}", "SSO_REDIS__URL": redis_server.url}


@asynccontextmanager
async def production(environment: dict[str, str]) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of production under these settings."""
    given = read_settings(environment).settings
    databases = open_databases(urls_of(given.database))
    try:
        await migrate(databases)
    finally:
        await databases.close()
    async with (
        open_all(given) as app,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=f"https://{HOST}") as client,
    ):
        yield client


async def register(client: httpx2.AsyncClient) -> tuple[dict[str, str], httpx2.Response]:
    """Register a company; return what it was told, and the answer to its first token request."""
    registered: dict[str, str] = (await client.post("/company/register", json={"companyName": "De Linde"})).json()
    credentials = {name: registered[name] for name in ("companyId", "companySecret")}
    return registered, await client.post("/auth/token", json=credentials)


async def bearer_of_a_company(client: httpx2.AsyncClient) -> dict[str, str]:
    """Return the header of a new company."""
    _, answer = await register(client)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize(
    ("policy", "status", "token"), [(None, "pending", 401), ("approval", "pending", 401), ("open", "active", 200)]
)
async def test_the_registration_policy_decides_whether_a_new_company_waits(
    settings: dict[str, str], policy: str | None, status: str, token: int
) -> None:
    asked = {"SSO_COMPANIES__REGISTRATION": policy} if policy else {}
    async with production(settings | asked) as client:
        registered, asked_for_token = await register(client)
        assert (registered["status"], asked_for_token.status_code) == (status, token)


def databases(folder: Path) -> set[str]:
    """Return the names of the database files in a folder."""
    return {file.name for file in folder.glob("*.db")}


async def test_a_launch_works_over_three_databases(settings: dict[str, str], tmp_path: Path) -> None:
    # Other tests ask from this address too, of the Redis that all share.
    unlimited = dict.fromkeys(("SSO_LIMITS__LAUNCHES", "SSO_LIMITS__TOKEN_REQUESTS", "SSO_LIMITS__REFUSALS"), "1000000")
    async with production(settings | unlimited | {"SSO_COMPANIES__REGISTRATION": "open"}) as client:
        bearer, ehr, bsn = await bearer_of_a_company(client), Ehr("ES256"), fresh_bsn()
        await client.post("/company/keys", json={"jwk": ehr.public_jwk()}, headers=bearer)
        dossier = (await client.post("/dossier", json={"bsn": bsn}, headers=bearer)).json()
        launch = ehr.sign(ehr.claims(wall_clock(), profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}))
        context = await client.post("/sso/launch", json={"token": launch})
        assert context.status_code == 200, context.text
        assert context.json()["dossier"] == {"dossierId": dossier["dossierId"], "permission": "pending"}
        problem(await client.post("/sso/launch", json={"token": launch}), 401, "token_replayed")
    assert databases(tmp_path) == {f"{owner}.db" for owner in OWNERS}


async def test_further_host_names_are_those_of_the_settings(settings: dict[str, str]) -> None:
    async with production(settings | {"SSO_ISSUER__HOSTS": "sso.intern, Other.example"}) as client:
        for host, status in (
            (HOST, 200),
            ("sso.intern:8443", 200),
            ("other.example", 200),
            ("localhost", 400),
            ("intern", 400),
        ):
            assert (await client.get("/healthz", headers={"Host": host})).status_code == status, host


async def test_over_https_browsers_are_told_to_stay_there(settings: dict[str, str], world: World) -> None:
    async with production(settings) as client:
        for path in ("/healthz", "/", "/nothing"):
            assert "max-age=" in (await client.get(path)).headers["strict-transport-security"]
    assert "strict-transport-security" not in (await world.client.get("/healthz")).headers


async def test_a_bsn_that_fails_the_eleven_test_is_one_in_the_demo_alone(
    settings: dict[str, str], world: World
) -> None:
    seed = {"bsn": "123456780"}
    company = await world.company(alg="ES256")
    assert (await company.create_dossier(seed["bsn"])).is_success
    async with production(settings | {"SSO_COMPANIES__REGISTRATION": "open"}) as client:
        bearer = await bearer_of_a_company(client)
        for answer, pointer in (
            (await client.post("/dossier", json=seed, headers=bearer), "/bsn"),
            (await client.get(f"/dossier/{seed['bsn']}/permission", headers=bearer), "bsn"),
        ):
            assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": pointer, "rule": "bsn"}]


def test_what_nobody_set_has_the_default_of_the_contract() -> None:
    shown = sso("config", "show").out
    for line in (
        "limits.launches = 600  (default)",
        "limits.token_requests = 600  (default)",
        "limits.refusals = 2000  (default)",
        f"data_dir = {ROOT / 'var'}  (default)",
    ):
        assert f"{line}\n" in shown
