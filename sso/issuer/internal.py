"""`POST /auth/token/internal`: the tokens with which our own services talk to each other."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.audit.catalogue import INTERNAL_TOKEN_ISSUED
from common.audit.events import AuditLog
from common.audit.kinds import service_name
from common.audit.refusals import because
from common.clock import Clock
from common.errors import InvalidClient
from common.http.address import client_address
from common.http.routing import Resource
from common.limits import Counted, Limits
from schemas.profiles import INTERNAL
from schemas.token_bodies import TokenAnswer
from sso.issuer.clients import Credentials, SignedCredentials, secret_digest
from sso.issuer.endpoint import NO_STORE, require_client_credentials, token_request
from sso.issuer.issue import TokenIssuer


@dataclass(frozen=True, slots=True)
class InternalTokenEndpoint:
    """The token endpoint for our own services. `services` are the digests of their secrets, by name."""

    limits: Limits
    services: Mapping[str, bytes]
    issuer: TokenIssuer
    audit: AuditLog
    clock: Clock

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/auth/token/internal", wire="oauth", POST=self.token)]

    async def token(self, request: Request) -> Response:
        """Answer a token request of a service."""
        credentials, given = await token_request(request)
        name = await self._authenticated(credentials, client_address(request))
        async with self.limits.of_service(name, Counted.TOKEN_REQUESTS):
            require_client_credentials(given)
            return await self._answer(name)

    async def _answer(self, name: str) -> Response:
        now = self.clock()
        issued = self.issuer.issue(INTERNAL, {"sub": name, "client_id": name}, now)
        await self.audit.write(INTERNAL_TOKEN_ISSUED(now, service=service_name(name)))
        answer = TokenAnswer(access_token=issued.token, expires_in=issued.expires_in)
        return JSONResponse(answer.wire(), headers=NO_STORE)

    async def _authenticated(self, credentials: Credentials | SignedCredentials, address: str) -> str:
        """Return the service's name. Who is none has the room of their address; our own services do not share it."""
        try:
            return self._name(credentials)
        except InvalidClient:
            async with self.limits.of_address(address, Counted.TOKEN_REQUESTS):
                raise

    def _name(self, credentials: Credentials | SignedCredentials) -> str:
        if isinstance(credentials, SignedCredentials):  # a company's way
            raise because(InvalidClient(private="an assertion"), "unknown_client")
        digest = secret_digest(credentials.secret)
        registered = self.services.get(credentials.client_id)
        if not hmac.compare_digest(digest, registered or bytes(len(digest))):
            cause = "unknown_client" if registered is None else "wrong_secret"
            raise because(InvalidClient(scheme=credentials.scheme, private=cause), cause)
        return credentials.client_id
