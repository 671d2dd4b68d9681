"""`POST /auth/revoke` (RFC 7009): a company has a token of its own be accepted nowhere any more (ADR 0028)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from common.audit.catalogue import TOKEN_REVOKED
from common.http.routing import Resource
from common.limits import Counted
from schemas.claims import AccessClaims, CompanyClaims
from schemas.identifiers import CompanyId
from schemas.profiles import CLOCK_ERROR, COMPANY, LAUNCH, PROFESSIONAL
from sso.issuer.endpoint import NO_STORE
from sso.issuer.owners import Question, TokenOwners


class RevokedTokens(Protocol):
    async def revoke(self, company_id: CompanyId, claims: AccessClaims) -> bytes | None:
        """Revoke an access token, in the open transaction; return its jti's digest, None if it was revoked before."""
        ...


class Revocable(Protocol):
    @property
    def jti_digest(self) -> bytes:
        """Return what is kept of the jti of a professional token that could still be accepted."""
        ...


R = TypeVar("R", bound=Revocable)


class ProfessionalTokens(Protocol[R]):
    async def revocable(self, compact: str, company_id: CompanyId, now: datetime) -> R | None:
        """Return a token of this company as one to revoke, if it could still be accepted; no effect."""
        ...

    async def revoke(self, company_id: CompanyId, token: R) -> bool:
        """Use up a token, in the transaction that is open; return whether it was unspent."""
        ...


@dataclass(frozen=True, slots=True)
class RevocationEndpoint(Generic[R]):
    """Revokes what is the caller's own; what is not, or is no good already, stays as it is, and is answered alike."""

    owners: TokenOwners
    tokens: RevokedTokens
    professional: ProfessionalTokens[R]

    def routes(self) -> list[Resource]:
        """Return the route of this endpoint."""
        return [Resource("/auth/revoke", wire="oauth", POST=self.revoke)]

    async def revoke(self, request: Request) -> Response:
        """Revoke a token: every process knows it with its next request."""
        async with (
            self.owners.asking(request) as asked,
            self.owners.limits.of_company(asked.client.company_id, Counted.TOKEN_REQUESTS),
        ):
            await self._revoke(asked)
        return Response(headers=NO_STORE)

    async def _revoke(self, asked: Question) -> None:
        company_id, audit = asked.client.company_id, self.owners.audit
        # What has expired here may still be good where the clock is behind.
        access = await self.owners.access.of_company(asked.token, company_id, asked.now - 2 * CLOCK_ERROR)
        professional = None
        if access is None:
            professional = await self.professional.revocable(asked.token, company_id, asked.now)
        idle = access is None and professional is None
        if idle and not self.owners.clients.leaves_a_trace(asked.client, asked.now):
            return
        async with self.owners.clients.using_up(asked.client, asked.now, audit):
            if access is not None:
                role = COMPANY.name if isinstance(access, CompanyClaims) else LAUNCH.name
                jti = await self.tokens.revoke(company_id, access)
            elif professional is not None:
                role = PROFESSIONAL.name
                jti = professional.jti_digest if await self.professional.revoke(company_id, professional) else None
            else:
                role, jti = "", None
            if jti is not None:
                await audit.write(TOKEN_REVOKED(asked.now, company_id=company_id, role=role, jti=jti))
