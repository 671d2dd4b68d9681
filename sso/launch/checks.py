"""What a launch is refused for before its token is spent. Nothing here has an effect, so a diagnosis runs it too."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from common.errors import BadSignature
from schemas.claims import ProfessionalClaims
from schemas.facts import Relationship
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from sso.launch.ports import Pseudoniemen, Relationships
from sso.verifier.flaws import Flaw
from sso.verifier.replay import jti_digest, replayed, revoked
from sso.verifier.verify import SignedToken, TokenVerifier, VerifiedToken


@dataclass(frozen=True, slots=True)
class Spend:
    """A token that can open nothing any more. `launch_id` is what it opened, None if it was revoked."""

    launch_id: LaunchId | None


class Spends(Protocol):
    async def spend_of(self, company_id: CompanyId, jti_digest: bytes) -> Spend | None:
        """Return how a token of this company was spent."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What there is already of what a token names: its patient's pseudoniem, and its treatment relationship."""

    pseudoniem: Pseudoniem | None
    relationship: Relationship | None


@dataclass(frozen=True, slots=True)
class LaunchChecks:
    """Checks a token as far as can be done without spending it."""

    tokens: TokenVerifier
    spends: Spends
    pseudoniemen: Pseudoniemen
    relationships: Relationships

    async def signed_by(self, compact: str, company_id: CompanyId, now: datetime) -> SignedToken:
        """Return the token if it is this company's: signed with a key of its own, or by us in its name.

        Raises TokenRejected.
        """
        signed = await self.tokens.signed(compact, str(company_id), now)
        if signed.signer.company_id != company_id:
            raise BadSignature(Flaw.BAD_SIGNATURE)  # we signed it for another: that it is good is not this caller's
        return signed

    async def passed(self, signed: SignedToken, now: datetime) -> tuple[VerifiedToken[ProfessionalClaims], Found]:
        """Return the token as one that may be spent, and what there is already of what it names.

        Raises AuthenticTokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown or Unavailable.
        """
        checked = self.tokens.verified(signed, now)
        known = await self._known_patient(checked)
        relationship = await self._possible(checked, known)
        await self._require_unspent(checked)
        return checked, Found(known, relationship)

    async def _known_patient(self, checked: VerifiedToken[ProfessionalClaims]) -> Pseudoniem | None:
        """Return the pseudoniem of the patient whom the token names, if there is one already.

        Asked before the spend for every BSN: where pseudoniemen cannot be had, the token must not be spent.
        """
        bsn = checked.claims.bsn
        return await self.pseudoniemen.find(bsn) if bsn else None

    async def _possible(
        self, checked: VerifiedToken[ProfessionalClaims], known: Pseudoniem | None
    ) -> Relationship | None:
        """Return the relationship that the token names, if there is one; refuse what can be refused without effects.

        The launch's own statement decides whether it is there yet.
        """
        external_id, names_patient = checked.claims.treatment_relationship_id, checked.claims.bsn is not None
        if external_id is None:
            return None
        return await self.relationships.possible(
            checked.signer.company_id, external_id, known, names_patient=names_patient
        )

    async def _require_unspent(self, checked: VerifiedToken[ProfessionalClaims]) -> None:
        """Refuse a token whose launch is there, and say which: cheap, and not on its company's account.

        It decides nothing that the spend does not decide again; of two at once both may pass here.
        """
        spend = await self.spends.spend_of(checked.signer.company_id, jti_digest(checked.claims.jti))
        if spend is not None:
            refusal = replayed() if spend.launch_id else revoked()
            refusal.launch_id = spend.launch_id
            raise refusal


def of_token(token: SignedToken) -> dict[str, UUID | bytes | str | None]:
    """Return whose token this is, for the audit: from the signature on it is known, whatever else is wrong."""
    jti = token.raw.claim("jti")
    return {"company_id": token.signer.company_id, "kid": token.kid, "jti": jti_digest(jti) if jti else None}
