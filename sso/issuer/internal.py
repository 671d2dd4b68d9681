"""`POST /auth/token/internal`: the tokens with which our own services talk to each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from starlette.requests import Request
from starlette.responses import Response

from common.audit.catalogue import INTERNAL_TOKEN_ISSUED, INTERNAL_TOKEN_REFUSED
from common.audit.events import AuditLog
from common.audit.kinds import service_name
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import InvalidClient
from common.http.address import client_address
from common.http.answer import json_answer
from common.http.routing import Resource
from common.limits import Counted, Limits
from schemas.profiles import INTERNAL
from schemas.token_bodies import TokenAnswer
from sso.issuer.clients import Credentials, SignedCredentials
from sso.issuer.endpoint import NO_STORE, require_client_credentials, token_request
from sso.issuer.issue import TokenIssuer
from sso.issuer.services import S, Service, ServiceAuthentication


@dataclass(frozen=True, slots=True)
class InternalTokenEndpoint(Generic[S]):
    """The token endpoint for our own services."""

    limits: Limits
    services: ServiceAuthentication[S]
    issuer: TokenIssuer
    audit: AuditLog
    clock: Clock

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/auth/token/internal", wire="oauth", POST=self.token)]

    async def token(self, request: Request) -> Response:
        """Answer a token request of a service."""
        credentials, given = await token_request(request)
        now = self.clock()
        service = await self._authenticated(credentials, client_address(request), now)
        whose = {"service": service_name(service.name)}
        async with (
            self.limits.of_service(service.name, Counted.TOKEN_REQUESTS),
            refusals(self.audit, INTERNAL_TOKEN_REFUSED, now, **whose),
        ):
            require_client_credentials(given)
            issued = self.issuer.issue(INTERNAL, {"sub": service.name, "client_id": service.name}, now)
            async with self.services.using_up(service, now, self.audit):
                await self.audit.write(INTERNAL_TOKEN_ISSUED(now, **whose))
        answer = TokenAnswer(access_token=issued.token, expires_in=issued.expires_in)
        return json_answer(answer, headers=NO_STORE)

    async def _authenticated(
        self, credentials: Credentials | SignedCredentials, address: str, now: datetime
    ) -> Service[S]:
        """Return the service. Who is none has the room of their address; our own services do not share it."""
        try:
            return self.services.of(credentials, now)
        except InvalidClient:
            async with self.limits.of_address(address, Counted.TOKEN_REQUESTS):
                raise
