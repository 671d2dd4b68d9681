"""The service as a whole, in this process, on a real database and a real Redis; and those who call it."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from starlette.types import ASGIApp

from common.settings import DatabaseSettings, KeySettings, LimitSettings, RedisSettings, ServiceSettings, Settings
from keys.service_keys import make_pair
from services.databases import OWNERS
from services.demo.app import RULES, demo_app
from services.demo.service_file import demo_service, make_demo_service
from services.demo.settings import demo_settings
from services.ground import open_ground
from services.schema import bring_up_to_date
from services.whole import Whole, wire_whole
from tests.support.clock import SetClock
from tests.support.databases import copy_if_new
from tests.support.described import as_described
from tests.support.ehr import Ehr
from tests.support.network import Network

DESCRIBED = {"response": [as_described]}
"""Every answer is held against the service's own OpenAPI document."""
NO_LIMITS = LimitSettings(launches=10**6, token_requests=10**6, refusals=10**6)
"""All tests come from one address."""
ISSUER = "http://127.0.0.1:8080"
KEYED = "reports"
"""A service of ours that has a key, beside the demo's, which has a secret."""
PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
"""What a browser accepts."""


@dataclass
class Company:
    """A registered company with an EHR whose key it has registered, and a bearer token."""

    client: httpx2.AsyncClient
    company_id: str
    secret: str
    ehr: Ehr
    token: str = ""

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def basic(self) -> dict[str, str]:
        credentials = base64.b64encode(f"{self.company_id}:{self.secret}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}

    async def fetch_token(self, **form: str) -> httpx2.Response:
        """Ask for a bearer token with the secret in the form."""
        credentials = {"client_id": self.company_id, "client_secret": self.secret}
        return await self.client.post("/auth/token", data={"grant_type": "client_credentials", **credentials, **form})

    async def launch(self, token: str, **besides: str) -> httpx2.Response:
        """Launch from the EHR's back end."""
        return await self.client.post("/sso/launch", json={"token": token, **besides})

    async def launch_in_browser(self, token: str, **besides: str) -> httpx2.Response:
        """Launch from the EHR's browser, with a form."""
        return await self.client.post("/sso/launch", data={"token": token, **besides}, headers=PAGE)

    async def create_dossier(self, bsn: str) -> httpx2.Response:
        return await self.client.post("/dossier", json={"bsn": bsn}, headers=self.bearer)

    async def permission(self, bsn: str) -> httpx2.Response:
        return await self.client.get(f"/dossier/{bsn}/permission", headers=self.bearer)


@dataclass
class World:
    """A running service, its clock, and a client of it. `folder` holds its files, `database_url` its database."""

    service: Whole
    client: httpx2.AsyncClient
    clock: SetClock
    folder: Path
    database_url: str
    seen: dict[str, tuple[Any, set[Any]]] = field(repr=False, default_factory=dict)
    """What `tests/support/state.py` last saw in each table."""

    _transport: httpx2.ASGITransport = field(repr=False, default=None)  # type: ignore[assignment]

    async def company(self, name: str = "Huisartsenpraktijk De Linde", *, alg: str = "RS256") -> Company:
        """Register a company, fetch its token and register its EHR's key."""
        registered = (await self.client.post("/company/register", json={"companyName": name})).json()
        company = Company(self.client, registered["companyId"], registered["companySecret"], Ehr(alg))
        company.token = (await company.fetch_token()).json()["access_token"]
        answer = await self.client.post("/company/keys", json={"jwk": company.ehr.public_jwk()}, headers=company.bearer)
        assert answer.status_code == 201, answer.text
        return company

    def another_client(self) -> httpx2.AsyncClient:
        """Return a client with cookies of its own: another browser."""
        return httpx2.AsyncClient(transport=self._transport, base_url=ISSUER, event_hooks=DESCRIBED)

    def network(self) -> Network:
        """Return a network to the service that can be cut."""
        return Network(self.app)

    @property
    def app(self) -> ASGIApp:
        """The application itself, to be called as a server calls it."""
        return self._transport.app

    def claims(self, company: Company, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token, now."""
        return company.ehr.claims(self.clock(), **changes)


def keyed_service(folder: Path) -> ServiceSettings:
    """Return a service of ours that proves by a key who it is; the private half is in `folder` too."""
    private, public = (folder / f"{KEYED}.{half}.pem" for half in ("private", "public"))
    if not public.exists():
        make_pair(private, public)
    return ServiceSettings(public_key_file=public)


@asynccontextmanager
async def open_world(
    folder: Path,
    database_url: str,
    redis_url: str,
    limits: LimitSettings = NO_LIMITS,
    keys: KeySettings = KeySettings(),  # noqa: B008 - frozen
) -> AsyncIterator[World]:
    """Give a service with data of its own in `folder` and at `database_url`."""
    clock = SetClock()
    await copy_if_new(database_url)
    stores = {"database": DatabaseSettings(url=database_url), "redis": RedisSettings(url=redis_url)}
    given = Settings(**stores, limits=limits, keys=keys, services={KEYED: keyed_service(folder)})
    settings = demo_settings(given, folder, ISSUER, redis_url)
    make_demo_service(folder)
    async with open_ground(settings, OWNERS, RULES, clock) as ground:
        await bring_up_to_date(ground.databases)
        whole = await wire_whole(ground, settings, demo_service(folder))
        transport = httpx2.ASGITransport(await demo_app(whole, folder), raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER, event_hooks=DESCRIBED) as client:
            yield World(whole, client, clock, folder, database_url, _transport=transport)
