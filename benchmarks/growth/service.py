"""Production in this process on one database, and some of its companies, who ask it things.

The application is called as a server calls it, without a network: what is compared is what a database costs.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote

from starlette.types import ASGIApp, Message

from benchmarks.growth.fill import secret_of
from benchmarks.growth.functions import uuid_of
from benchmarks.growth.groups import COMMON_WORD, RARE_WORD
from benchmarks.growth.population import Population, approved, bsn_of
from benchmarks.tokens import Vendor, launch_claims
from common.settings import (
    DatabaseSettings,
    IssuerSettings,
    KeySettings,
    LimitSettings,
    RedisSettings,
    Settings,
)
from services.all import open_all

CALLERS: Final = (1, 2, 3, 5, 8, 20, 50, 100)
"""Companies that ask, the largest first."""

BATCH: Final = 100
_LARGE: Final = 4
"""So many of them have as many patients as a batch has, however few dossiers there are."""

_NO_LIMITS: Final = LimitSettings(launches=10**7, token_requests=10**7, refusals=10**7)
_BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True, slots=True)
class Request:
    """A request with the statuses that are right for it."""

    method: str
    path: str
    expected: tuple[int, ...]
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(slots=True)
class Service:
    """One application with its population and its callers."""

    app: ASGIApp
    population: Population
    vendors: dict[int, Vendor] = field(default_factory=dict)
    bearers: dict[int, str] = field(default_factory=dict)
    dice: Random = field(default_factory=lambda: Random(3))  # noqa: S311 - which dossier is asked for

    def anyone(self) -> tuple[int, int]:
        """Return a caller and a dossier of its."""
        company = self.dice.choice(CALLERS)
        return company, self.dice.choice(self.population.dossiers_of(company))

    def launches(self, count: int) -> list[Request]:
        """Return launches: three in five of a known treatment relationship, every second one from a browser."""
        made = []
        for number in range(count):
            company, dossier = self.anyone()
            bsn = bsn_of(self.population.patient_of(dossier))
            claims = launch_claims(f"prof-{dossier // 100}", bsn, f"tr-{dossier}")
            body = json.dumps({"token": self.vendors[company].sign([claims])[0]}).encode()
            accept = (_BROWSER if number % 2 else "application/json").encode()
            made.append(Request("POST", "/sso/launch", (200, 303), body, ((b"accept", accept), *_JSON)))
        return made

    def permissions(self, count: int) -> list[Request]:
        """Return questions whether a patient approved, each with the right answer."""
        made = []
        for company, dossier in (self.anyone() for _ in range(count)):
            path = f"/dossier/{bsn_of(self.population.patient_of(dossier))}/permission"
            expected = 200 if approved(dossier) else 403
            made.append(Request("GET", path, (expected,), headers=self._bearer(company)))
        return made

    def batches(self, count: int) -> list[Request]:
        """Return questions for many patients at once."""
        made = []
        for _ in range(count):
            company = self.dice.choice(CALLERS[:_LARGE])
            chosen = self.dice.sample(self.population.dossiers_of(company), BATCH)
            bsns = [bsn_of(self.population.patient_of(dossier)) for dossier in chosen]
            body = json.dumps({"bsns": bsns}).encode()
            made.append(Request("POST", "/dossier/permissions", (200,), body, (*self._bearer(company), *_JSON)))
        return made

    def pages(self, count: int) -> list[Request]:
        """Return lists of dossiers: the first page, of companies large and small."""
        chosen = (self.dice.choice(CALLERS) for _ in range(count))
        return [Request("GET", "/dossier", (200,), headers=self._bearer(company)) for company in chosen]

    def group_searches(self, count: int) -> list[Request]:
        """Return searches in the groups of the largest company."""
        queries = [COMMON_WORD, RARE_WORD, f"{COMMON_WORD} {RARE_WORD}", f"Jan {COMMON_WORD}"]
        chosen = (f"/api/v1/dossiers?name={quote(self.dice.choice(queries))}" for _ in range(count))
        return [Request("GET", path, (200,), headers=self._bearer(1)) for path in chosen]

    async def ask(self, request: Request) -> bytes:
        """Return the body of the answer. Raises RuntimeError for a status that is not right."""
        status, parts = 0, list[bytes]()

        async def receive() -> Message:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))

        path, _, query = request.path.partition("?")
        length = (b"content-length", str(len(request.body)).encode())
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method,
            "scheme": "https", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "root_path": "", "headers": [(b"host", b"sso.example"), length, *request.headers],
            "client": ("127.0.0.1", 40_000), "server": ("127.0.0.1", 8080), "state": {},
        }  # fmt: skip
        await self.app(scope, receive, send)
        if status not in request.expected:
            raise RuntimeError(f"{request.method} {request.path}: {status} {b''.join(parts)[:300]!r}")
        return b"".join(parts)

    async def introduce(self) -> None:
        """Have each caller fetch a token and register its EHR's key, as companies do."""
        for company in CALLERS:
            given = {"companyId": str(uuid_of("company", company)), "companySecret": secret_of(company)}
            answer = await self.ask(Request("POST", "/auth/token", (200,), json.dumps(given).encode(), _JSON))
            self.bearers[company] = json.loads(answer)["access_token"]
            self.vendors[company] = Vendor()
            body = json.dumps({"jwk": self.vendors[company].public_jwk()}).encode()
            await self.ask(Request("POST", "/company/keys", (201,), body, (*self._bearer(company), *_JSON)))

    def _bearer(self, company: int) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"authorization", f"Bearer {self.bearers[company]}".encode()),)


_JSON: Final = ((b"content-type", b"application/json"),)

KINDS: Final[dict[str, Callable[[Service, int], Sequence[Request]]]] = {
    "launch": Service.launches,
    "permission": Service.permissions,
    "permissions of 100": Service.batches,
    "list of dossiers": Service.pages,
    "search in groups": Service.group_searches,
}
"""What is asked."""


@asynccontextmanager
async def open_service(folder: Path, database: str, redis: str, population: Population) -> AsyncIterator[Service]:
    """Give production on a filled database, with the keys that lie in `folder`."""
    given: dict[str, Any] = {
        "issuer": IssuerSettings(url="https://sso.example"),
        "redis": RedisSettings(url=redis),
        "database": DatabaseSettings(url=database),
        "keys": KeySettings(sealing_file=folder / "sealing.key", digest_file=folder / "digest.key"),
        "limits": _NO_LIMITS,
    }
    async with open_all(Settings(**given)) as app:
        await asyncio.sleep(0)
        service = Service(app, population)
        await service.introduce()
        yield service
