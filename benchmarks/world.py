"""The service as its operators run it, on PostgreSQL and Redis of its own, with companies, patients and their dossiers.

Peers get a copy of its database, taken before anything is measured, and a Redis database of their own.
"""

import asyncio
import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import asyncpg
import httpx2

from benchmarks.harness.load import drive, request
from benchmarks.tokens import Vendor, bsn, launch_claims, sign_each
from tests.support.deployment import AT_OUR_NAME, OWNERS, Deployment, Service
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer

COMPANIES: Final = 4
PATIENTS: Final = 250
"""Of each company, and of no other; each has a treatment relationship, a dossier and an approval."""

PROFESSIONALS: Final = 25
_NO_LIMITS: Final = {f"SSO_LIMITS__{name}": "1000000" for name in ("LAUNCHES", "TOKEN_REQUESTS", "REFUSALS")}
"""They are counted, and nobody reaches them: all requests come from one address."""

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_BROWSER: Final = {**FORM, "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
_BACK_END: Final = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Company:
    """A registered company, with an EHR whose key it has registered."""

    company_id: str
    secret: str
    vendor: Vendor
    bearer: str = ""

    @property
    def basic(self) -> dict[str, str]:
        """Return the header with id and secret."""
        credentials = base64.b64encode(f"{self.company_id}:{self.secret}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}


@dataclass(slots=True)
class World:
    """What runs, and who calls."""

    service: Deployment
    postgres: PostgresServer
    redis: RedisServer
    folder: Path
    database: str
    companies: list[Company] = field(default_factory=list)
    dice: Random = field(default_factory=lambda: Random(1), repr=False)  # noqa: S311 - nothing is secret here

    @property
    def port(self) -> int:
        """Return where the service listens."""
        return self.service.services["all"].port

    @property
    def pid(self) -> int:
        """Return its process."""
        return self.service.services["all"].pid

    @property
    def stores(self) -> Sequence[int]:
        """Return the processes of database and Redis."""
        return self.postgres.pid, self.redis.pid

    def launches(self, count: int) -> list[bytes]:
        """Return launches of known patients by linked professionals: half from back ends, half from browsers."""
        return self._launches([self.dice.randrange(COMPANIES * PATIENTS) for _ in range(count)])

    def _launches(self, numbers: Sequence[int]) -> list[bytes]:
        chosen = [self.companies[number % COMPANIES] for number in numbers]
        claims = [launch_claims(f"prof-{number % PROFESSIONALS}", bsn(number), f"tr-{number}") for number in numbers]
        tokens = sign_each(zip((company.vendor for company in chosen), claims, strict=True))
        pairs = enumerate(zip(tokens, chosen, strict=True))
        return [_launch(token, company.company_id, browser=bool(at % 2)) for at, (token, company) in pairs]

    def permissions(self, count: int, bearers: Sequence[str]) -> list[bytes]:
        """Return questions for the permission of a patient, by the patient's company, with its bearer."""
        numbers = [self.dice.randrange(COMPANIES * PATIENTS) for _ in range(count)]
        return [
            request("GET", f"/dossier/{bsn(number)}/permission", headers=bearing(bearers[number % COMPANIES]))
            for number in numbers
        ]

    def fresh(self) -> Sequence[Company]:
        """Return the companies, each with a bearer token that was issued just now."""
        form = b"grant_type=client_credentials"
        for company in self.companies:
            asked = request("POST", "/auth/token", form, headers=FORM | company.basic)
            company.bearer = json.loads(drive(self.port, [asked], 1, (200,), keep=True).bodies[0])["access_token"]
        return self.companies

    def another(self, workers: int) -> Service:
        """Return another instance of the service on the same stores, not started yet."""
        service = Service("all", workers)
        service.settings, service.start_seconds = self.service.services["all"].settings, 120.0
        return service

    def copies(self, count: int) -> list[str]:
        """Return the URLs of copies of the database, for which the service is stopped for a moment."""
        service = self.service.services["all"]
        service.stop()
        try:
            return [asyncio.run(self.postgres.create_database(self.database)) for _ in range(count)]
        finally:
            service.start()

    def redis_of(self, number: int) -> str:
        """Return the URL of another database of Redis."""
        return f"{self.redis.url.rpartition('/')[0]}/{number}"

    def count(self, database: str, query: str) -> int:
        """Return the one number that a query finds."""
        return int(asyncio.run(_value(database, query)))


@contextmanager
def open_world(workers: int = 1) -> Iterator[World]:
    """Give a running service of so many workers, full of rows."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="benchmark-")))
        redis = stack.enter_context(RedisServer("--appendonly", "yes", "--appendfsync", "everysec", private=True))
        postgres = stack.enter_context(PostgresServer(private=True))
        database = asyncio.run(postgres.create_database())
        service = Deployment(folder, dict.fromkeys(OWNERS, database), redis.url, ("all",), workers, **_NO_LIMITS)
        stack.callback(service.close)
        service.services["all"].start_seconds = 120.0
        service.start()
        world = World(service, postgres, redis, folder, database)
        asyncio.run(_register(world))
        drive(world.port, world._launches(range(COMPANIES * PATIENTS)), 16, (200, 303))
        asyncio.run(_value(database, _DOSSIERS))
        yield world


def bearing(token: str) -> dict[str, str]:
    """Return the header with a bearer token."""
    return {"Authorization": f"Bearer {token}"}


async def _register(world: World) -> None:
    address = f"http://127.0.0.1:{world.port}"
    async with httpx2.AsyncClient(base_url=address, headers=AT_OUR_NAME, timeout=30) as client:
        for number in range(COMPANIES):
            answer = await client.post("/company/register", json={"companyName": f"Praktijk {number}"})
            registered: dict[str, Any] = answer.raise_for_status().json()
            company = Company(registered["companyId"], registered["companySecret"], Vendor())
            form = {"grant_type": "client_credentials"}
            fetched = await client.post("/auth/token", data=form, headers=company.basic)
            company.bearer = fetched.raise_for_status().json()["access_token"]
            key = {"jwk": company.vendor.public_jwk()}
            (await client.post("/company/keys", json=key, headers=bearing(company.bearer))).raise_for_status()
            world.companies.append(company)


_DOSSIERS: Final = """
WITH dossier AS (
  INSERT INTO dossiers (dossier_id, company_id, pseudoniem, created_at)
  SELECT gen_random_uuid(), company_id, pseudoniem, made_at FROM treatment_relationships
  RETURNING dossier_id, pseudoniem, created_at
), consent AS (
  INSERT INTO consents (dossier_id, number, choice, chosen_at, chosen_by)
  SELECT dossier_id, 1, 'approved', created_at, pseudoniem FROM dossier
)
SELECT count(*) FROM dossier
"""


async def _value(database: str, query: str) -> Any:  # noqa: ANN401 - any one column
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def _launch(token: str, company_id: str, *, browser: bool) -> bytes:
    if browser:
        return request("POST", "/sso/launch", f"token={token}&clientId={company_id}".encode(), headers=_BROWSER)
    body = f'{{"token": "{token}", "clientId": "{company_id}"}}'.encode()
    return request("POST", "/sso/launch", body, headers=_BACK_END)
