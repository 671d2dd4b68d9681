"""A company's own launch tokens, as introspection and revocation see them (RFC 7662, RFC 7009)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from common.errors import TokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown
from schemas.claims import ProfessionalClaims
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from sso.launch.checks import LaunchChecks
from sso.verifier.replay import Spender, jti_digest

_AHEAD: Final = timedelta(days=36_500)
"""How far ahead an `iat` is looked at: a number in a token can be of any size, a time cannot."""


class Spends(Protocol):
    async def revoke(self, company_id: CompanyId, jti_digest: bytes, until: datetime) -> bool:
        """Spend a token on nothing, and remember it a day longer than `until`; return whether it was unspent."""
        ...


@dataclass(frozen=True, slots=True)
class LaunchTokens:
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

    async def revoke(self, compact: str, company_id: CompanyId, now: datetime) -> bytes | None:
        """Use up a token of this company that could still be accepted; return the digest of its jti if it could.

        One that is not good yet is remembered until it is too old. In the transaction that is open. Raises Unavailable.
        """
        try:
            signed = await self.checks.signed_by(compact, company_id, now)
            claims = self.checks.tokens.understood(signed).claims
        except TokenRejected:
            return None
        ahead = claims.iat - now.timestamp()
        if ahead < -PROFESSIONAL.spend_window.total_seconds():  # too old for every clock of ours
            return None
        digest, until = jti_digest(claims.jti), now + timedelta(seconds=min(max(0, ahead), _AHEAD.total_seconds()))
        return digest if await self.spends.revoke(company_id, digest, until) else None
