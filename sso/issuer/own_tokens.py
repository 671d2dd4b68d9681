"""`POST /auth/introspect` (RFC 7662) and `POST /auth/revoke` (RFC 7009): a company and the tokens that are its own.

Its own are its access tokens, those of its launches, and the launch tokens that it signed or had us sign. Every other
token, another company's or nobody's, looks like one that is no good: nothing can be learned from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.audit.catalogue import TOKEN_REVOKED
from common.audit.events import AuditLog
from common.clock import Clock
from common.errors import InvalidInput
from common.http.address import client_address
from common.http.bearer import authorization, bearer_token
from common.http.routing import Resource
from common.limits import Limits
from schemas.bodies import IntrospectionAnswer
from schemas.callers import CompanyAccess
from schemas.claims import AccessClaims, CompanyClaims, LaunchClaims, ProfessionalClaims
from schemas.identifiers import CompanyId
from schemas.profiles import COMPANY, LAUNCH, PROFESSIONAL, TokenProfile
from sso.issuer.clients import Client, ClientAuthentication, from_form
from sso.issuer.endpoint import NO_STORE, parameters_of


class OwnAccess(CompanyAccess, Protocol):
    async def of_company(self, token: str, company_id: CompanyId) -> CompanyClaims | LaunchClaims | None:
        """Return the claims of an access token of this company, its own or a launch's, if it would be let in now."""
        ...


class RevokedTokens(Protocol):
    async def revoke(self, company_id: CompanyId, claims: AccessClaims) -> bytes | None:
        """Revoke an access token, in the open transaction; return its jti's digest, None if it was revoked before."""
        ...


class ProfessionalTokens(Protocol):
    async def acceptable(self, compact: str, company_id: CompanyId, now: datetime) -> ProfessionalClaims | None:
        """Return the claims of a token that a launch of this company would accept now; no effect."""
        ...

    async def revoke(self, compact: str, company_id: CompanyId, now: datetime) -> bytes | None:
        """Use up a token of this company, in the open transaction; return its jti's digest if it could be accepted."""
        ...


@dataclass(frozen=True, slots=True)
class OwnTokenEndpoints:
    """What a company can ask of its own tokens, and do about them."""

    limits: Limits
    clients: ClientAuthentication
    access: OwnAccess
    revoked: RevokedTokens
    professional: ProfessionalTokens
    audit: AuditLog
    clock: Clock

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        return [
            Resource("/auth/introspect", wire="oauth", POST=self.introspect),
            Resource("/auth/revoke", wire="oauth", POST=self.revoke),
        ]

    async def introspect(self, request: Request) -> Response:
        """Tell whether a token would be accepted now, and what it says; nothing is spent by asking."""
        now = self.clock()
        client, token = await self._asked(request, now)
        answer = await self._shown(client.company_id, token, now)
        if client.jti is not None:
            async with self.audit.unit_of_work():
                await self.clients.use_up(client, now)
        return JSONResponse(answer.wire(), headers=NO_STORE)

    async def revoke(self, request: Request) -> Response:
        """Have a token be accepted nowhere any more; what is no good already, or not the caller's, stays as it is."""
        now = self.clock()
        client, token = await self._asked(request, now)
        claims = await self.access.of_company(token, client.company_id)
        async with self.audit.unit_of_work():
            if claims is not None:
                jti = await self.revoked.revoke(client.company_id, claims)
            else:
                jti = await self.professional.revoke(token, client.company_id, now)
            if jti is not None:
                role = _profile(claims).name
                await self.audit.write(TOKEN_REVOKED(now, company_id=client.company_id, role=role, jti=jti))
            await self.clients.use_up(client, now)
        return Response(headers=NO_STORE)

    async def _asked(self, request: Request, now: datetime) -> tuple[Client, str]:
        """Return who asks, and about which token; `token_type_hint` is not needed to tell what a token is."""
        client, given = await self._caller(request, now)
        if "token" not in given:
            raise InvalidInput("The parameter token is missing.")
        return client, given["token"]

    async def _caller(self, request: Request, now: datetime) -> tuple[Client, Mapping[str, str]]:
        """Return the company that asks, and its parameters.

        It proves who it is as at the token endpoint, or by an access token of its own (RFC 7662 2.1).
        """
        sent = authorization(request)
        if sent[0] != "bearer":
            given = await parameters_of(request)
            async with self.limits.of_client(client_address(request)):
                return await self.clients.of(from_form(sent, given), now), given
        caller = await self.access.company(bearer_token(request), None)
        given = await parameters_of(request)
        if not given.keys().isdisjoint({"client_secret", "client_assertion"}):
            raise InvalidInput("Authenticate in one way: by an access token or as a client.")
        return Client(caller.company_id, ""), given

    async def _shown(self, company_id: CompanyId, token: str, now: datetime) -> IntrospectionAnswer:
        claims = await self.access.of_company(token, company_id)
        if claims is not None:
            return _of_access(claims)
        professional = await self.professional.acceptable(token, company_id, now)
        return IntrospectionAnswer(active=False) if professional is None else _of_launch(professional, company_id)


def _profile(claims: CompanyClaims | LaunchClaims | None) -> TokenProfile[Any]:
    match claims:
        case CompanyClaims():
            return COMPANY
        case LaunchClaims():
            return LAUNCH
        case None:
            return PROFESSIONAL


def _of_access(claims: CompanyClaims | LaunchClaims) -> IntrospectionAnswer:
    return IntrospectionAnswer(
        active=True,
        scope=claims.scope if isinstance(claims, CompanyClaims) else None,
        client_id=claims.client_id,
        token_type="Bearer",  # noqa: S106 - the type, no secret
        exp=claims.exp,
        iat=claims.iat,
        sub=claims.sub,
        aud=claims.aud,
        iss=claims.iss,
        jti=claims.jti,
    )


def _of_launch(claims: ProfessionalClaims, company_id: CompanyId) -> IntrospectionAnswer:
    """Return what a launch token says but for persons; `exp` is when we would no longer accept it."""
    oldest = claims.iat + PROFESSIONAL.max_age.total_seconds()
    return IntrospectionAnswer(
        active=True,
        client_id=str(company_id),
        exp=int(oldest if claims.exp is None else min(oldest, claims.exp)),
        iat=int(claims.iat),
        sub=claims.sub,
        aud=claims.aud,
        iss=claims.iss,
        jti=claims.jti,
    )
