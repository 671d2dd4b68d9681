"""`POST /auth/token`: a company's bearer token (RFC 6749 4.4 and 5; contract, section 3)."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.clock import Clock
from common.errors import InvalidInput, InvalidScope, UnsupportedGrantType
from common.http.bearer import authorization
from common.http.body import FORM, JSON, form, json_object, media_type
from common.http.routing import Resource
from schemas import scopes
from schemas.base import Rules
from schemas.bodies import CompanyCredentials, TokenAnswer
from schemas.profiles import COMPANY
from sso.issuer.clients import Client, Clients, Credentials, authenticate, from_form
from sso.issuer.issue import TokenIssuer


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The token endpoint for companies: client credentials as a form, or our own short JSON."""

    clients: Clients
    issuer: TokenIssuer
    clock: Clock

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/auth/token", wire="oauth", POST=self.token)]

    async def token(self, request: Request) -> Response:
        """Answer a token request."""
        if media_type(request, FORM, JSON) == JSON:
            body = CompanyCredentials.parse(await json_object(request), Rules())
            client = await authenticate(self.clients, Credentials(body.company_id, body.company_secret, "Bearer"))
            return self._answer(client, "")
        # Unknown parameters are ignored, empty ones are absent (RFC 6749 3.2).
        given = {name: value for name, value in (await form(request)).items() if value}
        client = await authenticate(self.clients, from_form(authorization(request), given))
        if "grant_type" not in given:
            raise InvalidInput("The parameter grant_type is missing.")
        if given["grant_type"] != "client_credentials":
            raise UnsupportedGrantType("The only grant type here is client_credentials.")
        return self._answer(client, given.get("scope", ""))

    def _answer(self, client: Client, asked: str) -> Response:
        granted = scopes.parse(asked)
        if granted is None:
            raise InvalidScope(f"The scopes are: {' '.join(scopes.ALL)}.")
        company_id, scope = str(client.company_id), " ".join(granted)
        claims = {"sub": company_id, "client_id": company_id, "company_name": client.company_name, "scope": scope}
        issued = self.issuer.issue(COMPANY, claims, self.clock())
        answer = TokenAnswer(access_token=issued.token, expires_in=issued.expires_in, scope=scope)
        return JSONResponse(answer.wire(), headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
