"""A company's professional tokens, as introspection and revocation see them (RFC 7662, RFC 7009)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from common.errors import TokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown
from schemas.claims import ProfessionalClaims
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from sso.launch.checks import LaunchChecks
from sso.verifier.replay import Spender, jti_digest

_AHEAD: Final = timedelta(days=36_500)
"""How far ahead an `iat` is looked at: a number in a token can be of any size, a time cannot."""


@dataclass(frozen=True, slots=True)
class Revocable:
    """A token that could still be accepted: what is kept of its jti, and from when on it ages."""

    jti_digest: bytes
    until: datetime


class Spends(Protocol):
    async def revoke(self, company_id: CompanyId, jti_digest: bytes, until: datetime) -> bool:
        """Spend a token on nothing, and remember it a day longer than `until`; return whether it was unspent."""
        ...


@dataclass(frozen=True, slots=True)
class CompanyProfessionalTokens:
    """`ProfessionalTokens` of the endpoints: the checks of a launch, and the row that a launch would write."""

    checks: LaunchChecks
    spender: Spender
    spends: Spends

    async def acceptable(self, compact: str, company_id: CompanyId, now: datetime) -> ProfessionalClaims | None:
        """Return what a token says that a launch of this company would accept now; no effect. Raises Unavailable."""
        try:
            signed = await self.checks.signed_by(compact, company_id, now)
            checked, _ = await self.checks.passed(signed, now)
            await self.spender.require_unspent(checked)
        except (TokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown):
            return None
        return checked.claims

    async def revocable(self, compact: str, company_id: CompanyId, now: datetime) -> Revocable | None:
        """Return a token of this company as one to revoke, if any clock of ours could still accept it; no effect.

        One that is not good yet ages from its `iat` on.
        """
        try:
            signed = await self.checks.signed_by(compact, company_id, now)
            claims = self.checks.tokens.understood(signed).claims
        except TokenRejected:
            return None
        latest, at = (now + _AHEAD).timestamp(), now.timestamp()
        if claims.iat < at - PROFESSIONAL.spend_window.total_seconds():
            return None
        ages_from = datetime.fromtimestamp(max(at, min(claims.iat, latest)), UTC)
        return Revocable(jti_digest(claims.jti), ages_from)

    async def revoke(self, company_id: CompanyId, token: Revocable) -> bool:
        """Use up a token, in the transaction that is open; return whether it was unspent."""
        return await self.spends.revoke(company_id, token.jti_digest, token.until)
