"""A company's client assertion: a short-lived token, signed with a key of its own, that says who asks (RFC 7523 3).

The same steps as a launch's token takes, with its own profile and its own names in the replay store. Our own keys sign
no assertions, so none is looked for among them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.errors import ClaimRejected, UntrustedIssuer
from schemas.base import Rules
from schemas.claims import AssertionClaims
from schemas.identifiers import CompanyId
from schemas.profiles import ASSERTION
from sso.verifier.flaws import Flaw
from sso.verifier.replay import ReplayGuard, jti_digest, replayed, spend_key
from sso.verifier.token import take_apart
from sso.verifier.trust import Trust
from sso.verifier.verify import authenticate, read_claims, require_not_expired, require_profile


class SpentAssertions(Protocol):
    async def spend(self, company_id: CompanyId, jti_digest: bytes, now: datetime) -> None:
        """Keep that an assertion was used. If it was before, the end of the unit of work raises TokenReplayed."""
        ...


@dataclass(frozen=True, slots=True)
class SignedAssertion:
    """A good assertion: who signed it, and the name under which it can be used once."""

    company_id: CompanyId
    company_name: str
    jti: str


@dataclass(frozen=True, slots=True)
class Assertions:
    """Verifies and spends client assertions. `audiences`: our issuer URL and that of the token endpoint."""

    trust: Trust
    audiences: Collection[str]
    guard: ReplayGuard
    spent: SpentAssertions

    async def verified(self, compact: str, client_id: str | None, now: datetime) -> SignedAssertion:
        """Return a good assertion, not spent yet, of the company that `client_id` names, if it names one.

        Raises TokenRejected, AuthenticTokenRejected or Unavailable.
        """
        raw = take_apart(compact)
        require_profile(raw, ASSERTION)
        claimed = raw.unverified_iss()
        if claimed is None:
            raise UntrustedIssuer(Flaw.NO_SIGNER_NAMED)
        candidates = await self.trust.of_company(raw, claimed)
        authenticate(raw, candidates)
        claims = read_claims(raw, ASSERTION, Rules())
        require_parties(claims, client_id, self.audiences)
        require_lifetime(claims, now)
        return SignedAssertion(candidates.signer.company_id, candidates.signer.company_name, claims.jti)

    async def spend(self, company_id: CompanyId, jti: str, now: datetime) -> None:
        """Use up an assertion. This, or the end of the unit of work, raises TokenReplayed or Unavailable."""
        if not await self.guard.spend(spend_key(ASSERTION.name, company_id, jti), ASSERTION.spend_window):
            raise replayed()
        await self.spent.spend(company_id, jti_digest(jti), now)


def require_parties(claims: AssertionClaims, client_id: str | None, audiences: Collection[str]) -> None:
    """Raise ClaimRejected unless a client speaks of itself, to us alone."""
    if claims.sub != claims.iss or client_id not in (None, claims.iss):
        raise ClaimRejected("sub", "signer")
    if claims.aud not in audiences:
        raise ClaimRejected("aud", "audience")


def require_lifetime(claims: AssertionClaims, now: datetime) -> None:
    """Raise TokenExpired or ClaimRejected unless now lies in the assertion's time, and that is short."""
    at, leeway, longest = now.timestamp(), ASSERTION.leeway.total_seconds(), ASSERTION.max_age.total_seconds()
    require_not_expired(claims.exp, ASSERTION, now)
    for name, begins in (("nbf", claims.nbf), ("iat", claims.iat)):
        if begins is not None and begins > at + leeway:
            raise ClaimRejected(name, "future" if name == "iat" else "not_yet_valid")
    begun = claims.iat if claims.iat is not None else at + leeway
    if claims.exp - begun > longest or claims.exp > at + leeway + longest:
        raise ClaimRejected("exp", "too_long")
