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
    async def standing(self, company_id: CompanyId, jti_digest: bytes, issued_at: int | None) -> Standing:
        """Return whether the company is active, and has not revoked this token of its own, or a secret since its `iat`.

        In one query. None: the secrets are not asked after.
        """
        ...

    async def revoke(self, company_id: CompanyId, jti_digest: bytes, until: datetime) -> bool:
        """Keep until then that a token is revoked; return whether that is new."""
        ...


def is_older(issued_at: int, revoked_at: datetime | None) -> bool:
    """Return whether a token is from before a secret was revoked, or may be: its `iat` is in whole seconds."""
    return revoked_at is not None and issued_at <= revoked_at.timestamp()


@dataclass(frozen=True, slots=True)
class CompanyTokens:
    """Every process asks at every request, so a revocation is known to all with the next one, also without Redis."""

    store: CompanyTokenStore

    async def standing(self, company_id: CompanyId, jti: str, issued_at: int | None) -> Standing:
        """See `CompanyTokenStore`."""
        return await self.store.standing(company_id, jti_digest(jti), issued_at)

    async def revoke(self, company_id: CompanyId, claims: AccessClaims) -> bytes | None:
        """Revoke an access token, in the open transaction; return its jti's digest, None if it was revoked before.

        It is remembered for as long as any clock of ours could accept it, also by the clock that is most ahead.
        """
        digest, until = (
            jti_digest(claims.jti),
            datetime.fromtimestamp(claims.exp, UTC) + ACCESS_LEEWAY + 2 * CLOCK_ERROR,
        )
        return digest if await self.store.revoke(company_id, digest, until) else None
