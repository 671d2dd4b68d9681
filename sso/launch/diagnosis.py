"""What a launch would answer to a token, step by step, for the company that signed it. Nothing is spent by asking.

It runs what a launch runs, as a launch with the caller's own id as `clientId` beside the token. So nobody else's keys
are ever looked up: whatever is another company's looks like what nobody has.
"""

from dataclasses import dataclass
from datetime import datetime

from common.audit.catalogue import TOKEN_DIAGNOSED
from common.audit.events import AuditLog
from common.audit.refusals import why
from common.clock import Clock
from common.errors import (
    TokenRejected,
    TreatmentRelationshipConflict,
    TreatmentRelationshipUnknown,
)
from common.limits import Counted, Limits
from schemas.bodies import DiagnosedStep, DiagnosisAnswer
from schemas.identifiers import CompanyId
from schemas.steps import Step, taken
from sso.launch.checks import LaunchChecks, of_token
from sso.verifier.masking import masked, times
from sso.verifier.mending import LaunchRefusal, advice, mending_of
from sso.verifier.replay import Spender
from sso.verifier.trust import OwnKey
from sso.verifier.verify import SignedToken


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Tells a company what is the matter with its tokens."""

    clock: Clock
    limits: Limits
    checks: LaunchChecks
    spender: Spender
    audit: AuditLog

    async def of(self, compact: str, company_id: CompanyId) -> DiagnosisAnswer:
        """Return the steps of a launch with this token up to the first that fails. Raises RateLimited or Unavailable.

        That a launch may still be refused for its company's limit, or for another launch in between, it cannot say.
        """
        now = self.clock()
        signed, refusal = None, None
        async with self.limits.of_company(company_id, Counted.TOKEN_REQUESTS):
            try:
                signed = await self.checks.signed_by(compact, company_id, now)
                checked, _ = await self.checks.passed(signed, now)
                await self.spender.require_unspent(checked)
            except (TokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown) as error:
                refusal = error
            whose = of_token(signed) if signed else {"company_id": company_id}
            cause = why(refusal, TOKEN_DIAGNOSED) if refusal else {}
            await self.audit.write(TOKEN_DIAGNOSED(now, accepted=refusal is None, **whose, **cause))
        return _answer(signed, refusal, now)


def _answer(signed: SignedToken | None, refusal: LaunchRefusal | None, now: datetime) -> DiagnosisAnswer:
    details = _details(signed, now) if signed else {}
    failed = None
    if refusal is not None:
        failed = mending_of(refusal).step
        details[failed] = f"{advice(refusal)} {details.get(failed, '')}".strip()
    steps = [DiagnosedStep(step=one.step, ok=one.ok, detail=one.detail) for one in taken(Step, details, failed)]
    return DiagnosisAnswer(accepted=refusal is None, steps=steps)


def _details(signed: SignedToken, now: datetime) -> dict[Step, str]:
    raw = signed.raw
    by_us = isinstance(signed.key, OwnKey)
    details = {
        Step.ALGORITHM: f"{raw.alg}.",
        Step.SIGNATURE: "With our key, in your company's name." if by_us else f"With your key {signed.kid}.",
        Step.CLAIMS: f"The token says {'; '.join(masked(raw.payload))}.",
        Step.FRESHNESS: f"{'; '.join(times(raw.payload, now))}.",
    }
    if raw.kid is None and not raw.claim("iss"):
        details[Step.SIGNER] = "The token names nobody: post your companyId as clientId beside it at each launch."
    return details
