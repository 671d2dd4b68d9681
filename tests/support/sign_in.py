"""A patient's browser that signs in with a provider, as far as a test wants it to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx2
from starlette.types import ASGIApp

from common.audit.store_sql import IDENTITY_EVENTS
from common.settings import OidcSettings
from common.sql import Database
from services.all import open_all
from services.openid.attempt import COOKIE as ATTEMPT
from tests.support.audit import as_said, rows
from tests.support.bsns import fresh_bsn
from tests.support.openid import CLIENT, SECRET, Provider
from tests.support.production import make_ready, production_settings
from tests.support.wire import secured
from tests.support.world import ISSUER, PAGE
from website.patient_site import COOKIE

SUBSTANTIAL = "http://eidas.europa.eu/LoA/substantial"


@dataclass
class Site:
    """Production in this process, with its audit, and the provider that it knows. `folder` has all that it keeps."""

    app: ASGIApp
    client: httpx2.AsyncClient
    database: Database
    provider: Provider
    folder: Path

    async def from_address(self, address: str) -> httpx2.Response:
        """Return what who comes back from an address without having begun is answered."""
        async with _browser(self.app, address) as client:
            return await client.get("/sign-in/callback", headers=PAGE)

    async def send(self, method: str, path: str, cookies: dict[str, str], **form: str) -> httpx2.Response:
        header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        answer = await self.client.request(method, path, data=form or None, headers={**PAGE, **header})
        secured(answer)
        assert answer.headers["cache-control"] == "no-store"
        return answer

    async def events(self, answer: httpx2.Response) -> list[dict[str, Any]]:
        """Return what the audit says of the request that this is the answer to."""
        this = IDENTITY_EVENTS.c.request_id == UUID(answer.headers["x-request-id"])
        return [as_said(row) for row in await rows(self.database, IDENTITY_EVENTS, this)]

    async def begin(self, **cookies: str) -> "Visit":
        """Send a browser to the provider."""
        answer = await self.send("GET", "/sign-in", cookies)
        assert answer.status_code == 303, answer.text
        asked = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        kept = {**cookies, ATTEMPT.name: cookies_of(answer)[ATTEMPT.name].value}
        return Visit(self, fresh_bsn(), asked, kept, {"code": "c0de", "state": asked["state"]})

    async def sign_in(self, bsn: str | None = None, **claims: Any) -> dict[str, str]:
        """Sign a patient in; return the cookie of the session."""
        visit = await self.begin()
        visit.bsn = bsn or visit.bsn
        visit.vouch(**claims)
        return {COOKIE.name: cookies_of(await visit.come_back())[COOKIE.name].value}

    async def is_signed_in(self, cookies: dict[str, str]) -> bool:
        """Return whether the first page is a patient's."""
        return "Sign out" in (await self.send("GET", "/", cookies)).text


@dataclass
class Visit:
    """A browser that has gone to the provider: what it asked there, its cookies, and what it comes back with."""

    site: Site
    bsn: str
    asked: dict[str, str]
    cookies: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of the ID token that signs this patient in, with changes."""
        good = {"nonce": self.asked["nonce"], "bsn": self.bsn, "acr": SUBSTANTIAL, "name": "Peter de Mol"}
        return self.site.provider.claims(**{**good, **changes})

    def vouch(self, **changes: Any) -> None:
        """Have the provider vouch for this patient."""
        self.site.provider.id_token = self.site.provider.key.sign(self.claims(**changes))

    async def come_back(self) -> httpx2.Response:
        """Come back to our site."""
        answer = await self.site.send("GET", str(httpx2.URL("/sign-in/callback", params=self.query)), self.cookies)
        assert self.bsn not in answer.text + str(answer.headers)
        return answer


def cookies_of(answer: httpx2.Response) -> SimpleCookie:
    """Return the cookies that an answer sets."""
    found = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        found.load(header)
    return found


def oidc_settings(folder: Path, provider: str, **changes: Any) -> OidcSettings:
    """Return settings for a provider that asks for a secret."""
    file = folder / "oidc.secret"
    file.write_text(f"{SECRET}\n")
    known: dict[str, Any] = {"issuer": provider, "client_id": CLIENT, "client_secret_file": file}
    return OidcSettings(**{**known, "name_claim": "name", "acr_values": f"high {SUBSTANTIAL}", **changes})


@asynccontextmanager
async def open_site(
    folder: Path, redis_url: str, provider: Provider, oidc: OidcSettings | None = None
) -> AsyncIterator[Site]:
    """Give a site on the data in `folder`, made on the first time; `oidc` are other settings of its sign-in."""
    url = f"sqlite:///{folder / 'sso.db'}"
    if not (folder / "sso.db").exists():
        await make_ready(folder, url)
    settings = production_settings(folder, ISSUER, url, redis_url, oidc or oidc_settings(folder, provider.issuer))
    database = Database(url)
    try:
        async with open_all(settings) as app, _browser(app) as client:
            yield Site(app, client, database, provider, folder)
    finally:
        await database.close()


def _browser(app: ASGIApp, address: str = "127.0.0.1") -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app, client=(address, 1)), base_url=ISSUER)
