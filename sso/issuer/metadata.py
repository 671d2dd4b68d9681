"""`/.well-known/oauth-authorization-server`: what a stock OAuth client has to be told beside the issuer (RFC 8414)."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.http.routing import Resource
from schemas import scopes
from schemas.profiles import ASSERTION
from sso.issuer.endpoint import CLIENT_CREDENTIALS

PATH: Final = "/.well-known/oauth-authorization-server"
_CLIENT_AUTHENTICATION: Final = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
_CACHED_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the authorization server at `issuer` can do."""

    issuer: str

    def routes(self) -> list[Resource]:
        """Return the route of the metadata."""
        return [Resource(PATH, GET=self.show)]

    async def show(self, _request: Request) -> Response:
        """Show it to anyone."""
        return JSONResponse(self.document(), headers={"Cache-Control": f"public, max-age={_CACHED_SECONDS}"})

    def document(self) -> dict[str, Any]:
        """Return the members of RFC 8414 2 that are true here; an endpoint that is not named is not there."""
        return {
            "issuer": self.issuer,
            "token_endpoint": f"{self.issuer}/auth/token",
            "token_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
            "token_endpoint_auth_signing_alg_values_supported": sorted(ASSERTION.algorithms),
            "introspection_endpoint": f"{self.issuer}/auth/introspect",
            "introspection_endpoint_auth_methods_supported": [*_CLIENT_AUTHENTICATION, "Bearer"],
            "introspection_endpoint_auth_signing_alg_values_supported": sorted(ASSERTION.algorithms),
            "revocation_endpoint": f"{self.issuer}/auth/revoke",
            "revocation_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
            "revocation_endpoint_auth_signing_alg_values_supported": sorted(ASSERTION.algorithms),
            "jwks_uri": f"{self.issuer}/.well-known/jwks.json",
            "grant_types_supported": [CLIENT_CREDENTIALS],
            "response_types_supported": [],  # there is no authorization endpoint, but the member is required
            "scopes_supported": [scope.value for scope in scopes.ALL],
            "service_documentation": f"{self.issuer}/docs",
        }
