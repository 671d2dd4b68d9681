"""Which access tokens of a company count: those it has not revoked, while it is active (RFC 7009)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from schemas.claims import AccessClaims
from schemas.facts import Standing
from schemas.identifiers import CompanyId
from schemas.profiles import ACCESS_LEEWAY, CLOCK_ERROR
from sso.verifier.replay import jti_digest


class CompanyTokenStore(Protocol):
    async def standing(self, company_id: CompanyId, jti_digest: bytes) -> Standing:
        """Return whether the company is active, and has not revoked this token of its own; in one query."""
        ...

    async def revoke(self, company_id: CompanyId, jti_digest: bytes, until: datetime) -> bool:
        """Keep until then that a token is revoked; return whether that is new."""
        ...


@dataclass(frozen=True, slots=True)
class CompanyTokens:
    """Every process asks at every request, so a revocation is known to all with the next one, also without Redis."""

    store: CompanyTokenStore

    async def standing(self, company_id: CompanyId, jti: str) -> Standing:
        """Return whether the company is active, and has not revoked this access token of its own."""
        return await self.store.standing(company_id, jti_digest(jti))

    async def revoke(self, company_id: CompanyId, claims: AccessClaims) -> bytes | None:
        """Revoke an access token, in the open transaction; return its jti's digest, None if it was revoked before.

        It is remembered for as long as any clock of ours could accept it, also by the clock that is most ahead.
        """
        digest, until = (
            jti_digest(claims.jti),
            datetime.fromtimestamp(claims.exp, UTC) + ACCESS_LEEWAY + 2 * CLOCK_ERROR,
        )
        return digest if await self.store.revoke(company_id, digest, until) else None
