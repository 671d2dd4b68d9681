"""What a launch is refused for before its token is spent. Nothing here has an effect, so a diagnosis runs it too."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from schemas.claims import ProfessionalClaims
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from sso.launch.ports import Pseudoniemen, Relationships
from sso.verifier.replay import jti_digest, replayed
from sso.verifier.verify import SignedToken, TokenVerifier, VerifiedToken


class Spends(Protocol):
    async def spent_on(self, company_id: CompanyId, jti_digest: bytes) -> LaunchId | None:
        """Return the launch that a token of this company opened."""
        ...


@dataclass(frozen=True, slots=True)
class LaunchChecks:
    """Checks a token as far as can be done without spending it."""

    tokens: TokenVerifier
    spends: Spends
    pseudoniemen: Pseudoniemen
    relationships: Relationships

    async def passed(
        self, signed: SignedToken, now: datetime
    ) -> tuple[VerifiedToken[ProfessionalClaims], Pseudoniem | None]:
        """Return the token as one that may be spent, and the pseudoniem of its patient if there is one already.

        Raises AuthenticTokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown or Unavailable.
        """
        checked = self.tokens.verified(signed, now)
        known = await self._known_patient(checked)
        await self._require_possible(checked, known)
        await self._require_unspent(checked)
        return checked, known

    async def _known_patient(self, checked: VerifiedToken[ProfessionalClaims]) -> Pseudoniem | None:
        """Return the pseudoniem of the patient whom the token names, if there is one already.

        Asked before the spend for every BSN: where pseudoniemen cannot be had, the token must not be spent.
        """
        bsn = checked.claims.bsn
        return await self.pseudoniemen.find(bsn) if bsn else None

    async def _require_possible(self, checked: VerifiedToken[ProfessionalClaims], known: Pseudoniem | None) -> None:
        """Refuse what can be refused without effects; the transaction looks once more."""
        external_id, names_patient = checked.claims.treatment_relationship_id, checked.claims.bsn is not None
        if external_id is not None:
            company_id = checked.signer.company_id
            await self.relationships.require_possible(company_id, external_id, known, names_patient=names_patient)

    async def _require_unspent(self, checked: VerifiedToken[ProfessionalClaims]) -> None:
        """Refuse a token whose launch is there, and say which: cheap, and not on its company's account.

        It decides nothing that the spend does not decide again; of two at once both may pass here.
        """
        spent = await self.spends.spent_on(checked.signer.company_id, jti_digest(checked.claims.jti))
        if spent is not None:
            refusal = replayed()
            refusal.launch_id = spent
            raise refusal


def of_token(token: SignedToken) -> dict[str, UUID | bytes | str | None]:
    """Return whose token this is, for the audit: from the signature on it is known, whatever else is wrong."""
    jti = token.raw.claim("jti")
    return {"company_id": token.signer.company_id, "kid": token.kid, "jti": jti_digest(jti) if jti else None}
