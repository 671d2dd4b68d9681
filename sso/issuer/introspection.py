"""`POST /auth/introspect` (RFC 7662): a company asks whether a token of its own would be accepted now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from common.http.answer import json_answer
from common.http.routing import Resource
from common.limits import Counted
from schemas.claims import CompanyClaims, LaunchClaims, ProfessionalClaims
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from schemas.token_bodies import IntrospectionAnswer
from sso.issuer.endpoint import NO_STORE
from sso.issuer.owners import Question, TokenOwners


class ProfessionalTokens(Protocol):
    async def acceptable(self, compact: str, company_id: CompanyId, now: datetime) -> ProfessionalClaims | None:
        """Return the claims of a token that a launch of this company would accept now; no effect."""
        ...


@dataclass(frozen=True, slots=True)
class IntrospectionEndpoint:
    """Shows a company what its own tokens say, as long as they are good. Nothing is spent by asking."""

    owners: TokenOwners
    professional: ProfessionalTokens

    def routes(self) -> list[Resource]:
        """Return the route of this endpoint."""
        return [Resource("/auth/introspect", wire="oauth", POST=self.introspect)]

    async def introspect(self, request: Request) -> Response:
        """Tell whether a token would be accepted now, and what it says; nothing of persons."""
        async with self.owners.asking(request) as asked:
            answer = await self._shown(asked)
            if self.owners.clients.leaves_a_trace(asked.client, asked.now):
                async with self.owners.clients.using_up(asked.client, asked.now, self.owners.audit):
                    pass
        return json_answer(answer, headers=NO_STORE)

    async def _shown(self, asked: Question) -> IntrospectionAnswer:
        company_id = asked.client.company_id
        claims = await self.owners.access.of_company(asked.token, company_id, asked.now)
        if claims is not None:
            return _of_access(claims)
        async with self.owners.limits.of_company(company_id, Counted.TOKEN_REQUESTS):  # as much work as a launch
            professional = await self.professional.acceptable(asked.token, company_id, asked.now)
        return _of_professional(professional, company_id) if professional else IntrospectionAnswer(active=False)


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


def _of_professional(claims: ProfessionalClaims, company_id: CompanyId) -> IntrospectionAnswer:
    """Return what a professional token says but persons; `exp` is its own, or that of its greatest age if sooner."""
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
