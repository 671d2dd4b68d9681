"""`POST /auth/token`: a company's bearer token (RFC 6749 4.4 and 5; contract, section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from common.audit.catalogue import COMPANY_TOKEN_ISSUED, COMPANY_TOKEN_REFUSED
from common.audit.events import AuditLog
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import InvalidInput, InvalidScope, UnsupportedGrantType
from common.http.address import client_address
from common.http.answer import json_answer
from common.http.bearer import authorization
from common.http.body import FORM, JSON, form, json_object, media_type
from common.http.routing import Resource
from common.limits import Counted, Limits
from schemas import scopes
from schemas.base import Rules
from schemas.profiles import COMPANY
from schemas.token_bodies import CompanyCredentials, TokenAnswer
from sso.issuer.clients import Client, ClientAuthentication, Credentials, SignedCredentials, from_form
from sso.issuer.issue import TokenIssuer

CLIENT_CREDENTIALS: Final = "client_credentials"
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""What an answer with a token has (RFC 6749 5.1)."""


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The token endpoint for companies: client credentials as a form, or our own short JSON."""

    limits: Limits
    clients: ClientAuthentication
    issuer: TokenIssuer
    audit: AuditLog
    clock: Clock

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/auth/token", wire="oauth", POST=self.token)]

    async def token(self, request: Request) -> Response:
        """Answer a token request."""
        credentials, given = await self._read(request)
        async with self.limits.of_address(client_address(request), Counted.TOKEN_REQUESTS):
            now = self.clock()
            client = await self.clients.of(credentials, now)
        whose = {"company_id": client.company_id}
        async with (
            self.limits.of_company(client.company_id, Counted.TOKEN_REQUESTS),
            refusals(self.audit, COMPANY_TOKEN_REFUSED, now, **whose),
        ):
            require_client_credentials(given)
            answer = self._answer(client, given.get("scope", ""), now)
            issued = COMPANY_TOKEN_ISSUED(now, **whose)
            if not self.clients.leaves_a_trace(client, now):
                await self.audit.write(issued)  # alone: it shares its commit with those of the same moment
                return answer
            async with self.clients.using_up(client, now, self.audit):
                await self.audit.write(issued)
            return answer

    async def _read(self, request: Request) -> tuple[Credentials | SignedCredentials, dict[str, str]]:
        if media_type(request, FORM, JSON) != JSON:
            return await token_request(request)
        if authorization(request)[0]:
            raise InvalidInput("Authenticate in one way: in the Authorization header or in the body.")
        body = CompanyCredentials.parse(await json_object(request), Rules())
        credentials = Credentials(body.company_id, body.company_secret, "Bearer")
        return credentials, {"grant_type": CLIENT_CREDENTIALS}

    def _answer(self, client: Client, asked: str, now: datetime) -> Response:
        granted = scopes.parse(asked)
        if granted is None:
            raise InvalidScope(f"The scopes are: {' '.join(scopes.ALL)}.")
        company_id, scope = str(client.company_id), " ".join(granted)
        claims = {"sub": company_id, "client_id": company_id, "company_name": client.company_name, "scope": scope}
        issued = self.issuer.issue(COMPANY, claims, now)
        answer = TokenAnswer(access_token=issued.token, expires_in=issued.expires_in, scope=scope)
        return json_answer(answer, headers=NO_STORE)


async def token_request(request: Request) -> tuple[Credentials | SignedCredentials, dict[str, str]]:
    """Return the credentials of a token request, not verified, and its parameters; unknown ones are ignored.

    Raises what reading a form raises, InvalidInput for two ways to authenticate, InvalidClient for none.
    """
    given = await parameters_of(request)
    return from_form(authorization(request), given), given


async def parameters_of(request: Request) -> dict[str, str]:
    """Return the parameters of an OAuth request; an empty one is absent (RFC 6749 3.2). Raises as `form` does."""
    return {name: value for name, value in (await form(request)).items() if value}


def require_client_credentials(given: Mapping[str, str]) -> None:
    """Raise InvalidInput or UnsupportedGrantType unless the grant is that of RFC 6749 4.4."""
    if "grant_type" not in given:
        raise InvalidInput("The parameter grant_type is missing.")
    if given["grant_type"] != CLIENT_CREDENTIALS:
        raise UnsupportedGrantType(f"The only grant type here is {CLIENT_CREDENTIALS}.")
