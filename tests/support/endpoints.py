"""The endpoints with a good request of each, to change one thing of."""

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn

BSN = fresh_bsn()
SOMEWHERE = "00000000-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Endpoint:
    """A good request, to change one thing of; `bearer` is whether it needs a company's token."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    bearer: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


JWK = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
TOKEN = Endpoint("POST", "/auth/token", {"companyId": SOMEWHERE, "companySecret": "x"}, bearer=False)
LAUNCH = Endpoint("POST", "/sso/launch", {"token": "a.b.c", "clientId": SOMEWHERE}, bearer=False)
BODIES = [
    LAUNCH,
    Endpoint("POST", "/company/register", {"companyName": "De Linde"}, bearer=False),
    Endpoint("POST", "/company/keys", {"jwk": JWK, "label": "one"}),
    Endpoint("PUT", "/company/jwks-uri", {"jwksUri": "ftp://ehr.example/"}),
    Endpoint("POST", "/sso/diagnose", {"token": "a.b.c"}),
    Endpoint("POST", "/dossier", {"bsn": BSN}),
    Endpoint("POST", "/dossier/permission", {"bsn": BSN}),
]
GUARDED = [
    *(endpoint for endpoint in BODIES if endpoint.bearer),
    Endpoint("GET", "/dossier"),
    Endpoint("GET", "/company/keys"),
    Endpoint("DELETE", f"/company/keys/{'A' * 43}"),
    Endpoint("GET", "/company/secrets"),
    Endpoint("POST", "/company/secrets", {"expiresInDays": 0}),
    Endpoint("DELETE", f"/company/secrets/{SOMEWHERE}"),
    Endpoint("GET", "/company/jwks-uri"),
    Endpoint("DELETE", "/company/jwks-uri"),
    Endpoint("GET", f"/dossier/{SOMEWHERE}"),
    Endpoint("DELETE", f"/dossier/{BSN}"),
    Endpoint("GET", f"/dossier/{BSN}/permission"),
]


async def send(bench: Bench, endpoint: Endpoint, content: Any, **headers: str) -> httpx2.Response:
    """Send a body as it is to an endpoint, with A's token where it needs one."""
    bearer = bench.a.bearer if endpoint.bearer else {}
    return await bench.world.client.request(
        endpoint.method, endpoint.path, content=content, headers={**JSON, **bearer, **headers}
    )
