"""npm's oidc-provider beside us: the same clients, asked for the same tokens."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from joserfc.jwk import ECKey

from benchmarks.harness.load import drive, request
from benchmarks.harness.peer import NodePeer
from benchmarks.tokens import assertion_claims, sign_each
from benchmarks.world import FORM, Company, World

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SIGNED: Final = "signed-"
"""Before the name of a client that proves itself by its key: oidc-provider knows one way for each client."""

NAME: Final = "oidc-provider"


@dataclass(frozen=True, slots=True)
class TokenServer:
    """A token endpoint, ours or the peer's: `path` is where, `further` what a request for a token has besides."""

    port: int
    pid: int
    audience: str
    path: str
    introspection: str
    companies: Sequence[Company]
    prefix: str = ""
    further: tuple[tuple[str, str], ...] = ()

    def by_secret(self, count: int) -> list[bytes]:
        """Return so many requests for a token, each with a client's id and secret."""
        body = self._form()
        of_each = [request("POST", self.path, body, headers=FORM | company.basic) for company in self.companies]
        return [of_each[number % len(of_each)] for number in range(count)]

    def by_key(self, count: int) -> list[bytes]:
        """Return so many requests for a token, each with a client assertion of its own."""
        asking = [self.companies[number % len(self.companies)] for number in range(count)]
        claims = (assertion_claims(self.prefix + company.company_id, self.audience) for company in asking)
        assertions = sign_each(zip((company.vendor for company in asking), claims, strict=True))
        bodies = (self._form(client_assertion_type=TYPE, client_assertion=assertion) for assertion in assertions)
        return [request("POST", self.path, body, headers=FORM) for body in bodies]

    def introspections(self, count: int, tokens: Sequence[tuple[Company, str]]) -> list[bytes]:
        """Return so many questions about these tokens, each asked by its company."""
        of_each = [
            request("POST", self.introspection, urlencode({"token": token}).encode(), headers=FORM | company.basic)
            for company, token in tokens
        ]
        return [of_each[number % len(of_each)] for number in range(count)]

    def tokens(self, count: int) -> list[tuple[Company, str]]:
        """Return so many access tokens, each with its company."""
        answers = drive(self.port, self.by_secret(count), 1, (200,), keep=True).bodies  # one by one: in this order
        owners = (self.companies[number % len(self.companies)] for number in range(count))
        return [(owner, json.loads(answer)["access_token"]) for owner, answer in zip(owners, answers, strict=True)]

    def _form(self, **parameters: str) -> bytes:
        return urlencode({"grant_type": "client_credentials", **parameters, **dict(self.further)}).encode()


def ours(world: World) -> TokenServer:
    """Return our own."""
    return TokenServer(world.port, world.pid, "https://sso.example", "/auth/token", "/auth/introspect", world.companies)


@contextmanager
def theirs(world: World, resource: str) -> Iterator[TokenServer]:
    """Give oidc-provider with our companies as its clients, whose tokens are for `resource`: urn:jwt or urn:opaque."""
    clients = [client for company in world.companies for client in _clients(company)]
    key = ECKey.generate_key("P-256", private=True).as_dict(private=True) | {"use": "sig", "alg": "ES256"}
    with NodePeer("provider.js", clients=clients, jwks={"keys": [key]}, redis=world.redis_of(3)) as peer:
        yield TokenServer(
            peer.port,
            peer.pid,
            f"http://127.0.0.1:{peer.port}",
            "/token",
            "/token/introspection",
            world.companies,
            SIGNED,
            (("resource", resource), ("scope", "dossier:read dossier:write permission:read")),
        )


def _clients(company: Company) -> list[dict[str, Any]]:
    both: dict[str, Any] = {"grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
    key = company.vendor.public_jwk() | {"kid": company.vendor.kid, "use": "sig"}
    by_secret = {"client_id": company.company_id, "client_secret": company.secret}
    by_key = {"client_id": SIGNED + company.company_id, "jwks": {"keys": [key]}}
    return [
        {
            **both,
            **by_secret,
            "token_endpoint_auth_method": "client_secret_basic",
            "id_token_signed_response_alg": "ES256",
        },
        {
            **both,
            **by_key,
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "RS256",
            "id_token_signed_response_alg": "ES256",
        },
    ]
