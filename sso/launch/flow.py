"""A launch, from the token to what it opens. Read it from top to bottom."""

import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from common.audit.catalogue import LAUNCH_ACCEPTED, LAUNCH_REFUSED
from common.audit.events import AuditLog, Event
from common.audit.refusals import because, refusals
from common.clock import Clock
from common.errors import NotAuthenticated, Unavailable
from common.limits import Counted, Limits
from common.sessions import token_digest
from schemas.claims import ProfessionalClaims, ProfInfo
from schemas.facts import AdmissionStatus, Relationship, RelationshipEnded
from schemas.identifiers import AccountId, CompanyId, LaunchId, Pseudoniem, RelationshipId
from sso.launch.checks import Found, LaunchChecks, of_token
from sso.launch.ports import Professionals, Pseudoniemen, Relationships
from sso.launch.session import Browser, PatientShown, Session, Sessions
from sso.verifier.replay import Spender, SpentToken
from sso.verifier.trust import Signer

_ATTEMPTS: Final = 3
"""How often a launch is tried whose relationship ends in the same moment."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch that was carried out. `treatment_relationship_id` is the company's name for the relationship.

    `told` is what the EHR said of the professional, kept for the form only while registration is required. A launch
    has `ended` when its company has ended the relationship, or undone the link between `sub` and the account.
    """

    launch_id: LaunchId
    company_id: CompanyId
    account_id: AccountId | None
    sub: str
    status: AdmissionStatus
    pseudoniem: Pseudoniem | None
    treatment_relationship_id: str | None
    launched_at: datetime
    told: ProfInfo | None = None
    relationship_id: RelationshipId | None = None
    ended: bool = False


def launch_ended() -> NotAuthenticated:
    """Return the refusal of an access token of a launch that has ended."""
    ended = NotAuthenticated("This launch has ended. Start again from your EHR.", error="invalid_token")
    return because(ended, "launch_ended")


class Launches(Protocol):
    async def spend(self, company_id: CompanyId, jti_digest: bytes, launch_id: LaunchId, now: datetime) -> None:
        """Keep the spend row. Raises TokenReplayed if the company has spent this jti before."""
        ...

    async def add(self, launch: Launch) -> None:
        """Keep a launch."""
        ...

    async def registered(self, launch: Launch) -> None:
        """Keep the account that a launch has now, and forget what was told."""
        ...

    async def find(self, launch_id: LaunchId) -> Launch | None:
        """Return a launch."""
        ...


@dataclass(frozen=True, slots=True)
class LaunchFlow:
    """Launches professionals."""

    clock: Clock
    limits: Limits
    checks: LaunchChecks
    spender: Spender
    audit: AuditLog
    launches: Launches
    sessions: Sessions
    pseudoniemen: Pseudoniemen
    professionals: Professionals
    relationships: Relationships

    async def launch(self, compact: str, client_id: str | None, browser: Browser | None) -> tuple[Launch, Signer]:
        """Return the launch that a token opens, once, and its company. For a browser it opens a session too.

        Raises TokenRejected, RateLimited, TreatmentRelationshipConflict, TreatmentRelationshipUnknown or Unavailable.
        """
        now = self.clock()
        signed = await self.checks.tokens.signed(compact, client_id, now)
        async with refusals(self.audit, LAUNCH_REFUSED, now, **of_token(signed)):
            checked, found = await self.checks.passed(signed, now)
            async with self.limits.of_company(checked.signer.company_id, Counted.LAUNCHES):
                token = await self.spender.spend(checked)
                for _ in range(_ATTEMPTS):
                    with suppress(RelationshipEnded):  # and with it all that was to be written: once more
                        return await self._carry_out(token, found, browser, now), checked.signer
                    found = replace(found, relationship=None)  # to be looked for anew
                raise Unavailable("the treatment relationship", private="it ended again and again")

    async def _carry_out(
        self,
        token: SpentToken[ProfessionalClaims],
        found: Found,
        browser: Browser | None,
        now: datetime,
    ) -> Launch:
        company_id, claims = token.verified.signer.company_id, token.verified.claims
        launch_id = LaunchId(uuid.uuid4())
        # Before the transaction: the pseudoniem service can be another process, and a transaction waits for nobody.
        pseudoniem = found.pseudoniem or (await self.pseudoniemen.make(claims.bsn) if claims.bsn else None)
        async with self.audit.unit_of_work():
            admission = await self.professionals.admit(company_id, claims.sub, claims.professional, now)
            relationship = await self.relationships.join(
                company_id,
                claims.treatment_relationship_id,
                pseudoniem,
                admission.account_id,
                now,
                found.relationship,
            )
            launch = Launch(
                launch_id=launch_id,
                company_id=company_id,
                account_id=admission.account_id,
                sub=claims.sub,
                status=admission.status,
                pseudoniem=relationship.pseudoniem if relationship else None,
                treatment_relationship_id=relationship.external_id if relationship else None,
                launched_at=now,
                told=claims.professional if admission.account_id is None else None,
                relationship_id=relationship.relationship_id if relationship else None,
            )
            await self.launches.spend(company_id, token.jti_digest, launch_id, now)
            await self.launches.add(launch)
            await self.audit.write(_accepted(launch, token, relationship))
            if browser is not None:
                await self._open_session(browser, launch, claims)
        return launch

    async def _open_session(self, browser: Browser, launch: Launch, claims: ProfessionalClaims) -> None:
        """Open a new session in place of the browser's old one: of that one nothing carries over (ADR 0008)."""
        if browser.previous is not None:
            await self.sessions.close(token_digest(browser.previous))
        info, now = claims.patient_info, launch.launched_at
        patient = PatientShown(info.firstname, info.lastname, info.email) if info else PatientShown()
        await self.sessions.open(Session(token_digest(browser.token), launch.launch_id, patient, now, now))


def _accepted(launch: Launch, token: SpentToken[ProfessionalClaims], relationship: Relationship | None) -> Event:
    return LAUNCH_ACCEPTED(
        launch.launched_at,
        company_id=launch.company_id,
        launch_id=launch.launch_id,
        account_id=launch.account_id,
        admission=launch.status,
        pseudoniem=launch.pseudoniem,
        relationship_id=relationship.relationship_id if relationship else None,
        kid=token.verified.kid,
        jti=token.jti_digest,
    )
