"""What companies and patients can do with dossiers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol
from uuid import UUID

from common.audit.dossier_events import (
    CONSENT_CHOSEN,
    CONSENT_OVERTAKEN,
    CONSENT_REFUSED,
    CONSENT_REPEATED,
    DOSSIER_CREATED,
    DOSSIER_DELETED,
    DOSSIER_FOUND,
    DOSSIER_NOT_DELETED,
    DOSSIER_SHOWN,
    DOSSIER_WITHHELD,
    DOSSIERS_LISTED,
    DOSSIERS_SHOWN_TO_PATIENT,
)
from common.audit.events import AuditLog
from common.audit.refusals import audited, because, refusals
from common.clock import Clock
from common.errors import ConsentMissing, NotFound, Unavailable
from common.page import cut
from dossier.access import Allowed, Caller, Held, Kind, decide, patient_of, reach
from dossier.cursor import Cursor
from dossier.model import Choice, ChoiceOutcome, Consent, Dossier, DossierStore, Seen
from dossier.permissions import gave_permission, permission_event, permission_of
from schemas.bodies import LaunchDossier
from schemas.callers import LaunchCaller
from schemas.identifiers import Bsn, CompanyId, DossierId, Pseudoniem

_TOLD: Final = 300
"""Choices from before that one patient sees at once, over all dossiers: an answer has an end."""


class Pseudoniemen(Protocol):
    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already."""
        ...

    async def find_many(self, bsns: Sequence[Bsn]) -> Sequence[Pseudoniem | None]:
        """Return the pseudoniem of each BSN, in the order asked."""
        ...

    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN, made on first sight."""
        ...


@dataclass(frozen=True, slots=True)
class Dossiers:
    """The dossiers of all companies. The BSN comes in and goes no further than the first line.

    Nothing is answered whose event has not been kept: reading is a decision too.
    """

    store: DossierStore
    pseudoniemen: Pseudoniemen
    audit: AuditLog
    clock: Clock

    async def create(self, company_id: CompanyId, bsn: Bsn) -> tuple[Dossier, bool]:
        """Return the company's dossier on this patient, and whether it is new."""
        pseudoniem = await self.pseudoniemen.make(bsn)
        dossier = Dossier(DossierId(uuid.uuid4()), company_id, pseudoniem, self.clock())
        async with self.audit.unit_of_work():
            new = await self.store.add(dossier)
            kept = dossier if new else await self.store.find(company_id, pseudoniem)
            if kept is None:  # deleted between the two looks
                raise Unavailable("the dossier")
            created = DOSSIER_CREATED if new else DOSSIER_FOUND
            await self.audit.write(
                created(dossier.created_at, company_id=company_id, dossier_id=kept.dossier_id, pseudoniem=pseudoniem)
            )
        return kept, new

    async def show(self, caller: Caller, dossier_id: DossierId | None) -> Dossier:
        """Return a dossier that the caller may see. Raises NotFound, also for what is there and is another's."""
        dossier = await self.store.by_id(dossier_id) if dossier_id else None
        found = {**_caller(caller), "dossier_id": dossier.dossier_id if dossier else None}
        decision = decide(caller, _held(dossier) if dossier else None)
        if dossier is not None and isinstance(decision, Allowed):
            seen = {**found, "pseudoniem": dossier.pseudoniem, "ground": decision.because.value}
            await self.audit.write(DOSSIER_SHOWN(self.clock(), **seen))
            return dossier
        async with refusals(self.audit, DOSSIER_WITHHELD, self.clock(), **found):
            raise because(NotFound("There is no such dossier."), decision.because.value)

    async def page(self, caller: Caller, after: Cursor | None, limit: int) -> tuple[Sequence[Dossier], Cursor | None]:
        """Return the next dossiers that the caller may see, and where to go on; None when there are no more."""
        within = reach(caller, Kind.CONSENT_DOSSIER)
        shown, last = cut(await self.store.page(within, after, limit + 1), limit)
        found = {"pseudoniem": patient_of(caller), "count": len(shown), "ground": within.ground.value}
        await self.audit.write(DOSSIERS_LISTED(self.clock(), **_caller(caller), **found))
        return shown, Cursor(last.created_at, last.dossier_id) if last else None

    async def permissions(self, company_id: CompanyId, bsns: Sequence[Bsn]) -> Sequence[bool]:
        """Return for each patient, in the order asked, whether they approved sharing for this company."""
        pseudoniemen = await self.pseudoniemen.find_many(bsns)
        known = {pseudoniem for pseudoniem in pseudoniemen if pseudoniem is not None}
        dossiers = await self.store.find_many(company_id, known)
        found = [dossiers.get(pseudoniem) if pseudoniem else None for pseudoniem in pseudoniemen]
        now, of_patients = self.clock(), dict(zip(pseudoniemen, found, strict=True))  # one event for each patient
        await self.audit.write(*(permission_event(now, company_id, *of_patient) for of_patient in of_patients.items()))
        return [gave_permission(dossier) for dossier in found]

    async def require_permission(self, company_id: CompanyId, bsn: Bsn) -> None:
        """Raise ConsentMissing unless the patient has approved sharing for this company."""
        pseudoniem = await self.pseudoniemen.find(bsn)
        dossier = await self.store.find(company_id, pseudoniem) if pseudoniem else None
        await self.audit.write(permission_event(self.clock(), company_id, pseudoniem, dossier))
        if not gave_permission(dossier):
            raise audited(ConsentMissing("The patient has not approved sharing for this company."))

    async def delete(self, company_id: CompanyId, bsn: Bsn) -> None:
        """Delete the company's dossier on this patient, and the consent with it. Raises NotFound."""
        pseudoniem, now = await self.pseudoniemen.find(bsn), self.clock()
        on = {"company_id": company_id, "pseudoniem": pseudoniem}
        async with refusals(self.audit, DOSSIER_NOT_DELETED, now, **on), self.audit.unit_of_work():
            if pseudoniem is None or not await self.store.delete(company_id, pseudoniem):
                raise NotFound("There is no dossier on this patient.")
            await self.audit.write(DOSSIER_DELETED(now, **on))

    async def for_launch(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> LaunchDossier | None:
        """Return the company's dossier on a patient as a launch shows it; the launch has an event of its own."""
        dossier = await self.store.find(company_id, pseudoniem)
        return LaunchDossier(dossier_id=dossier.dossier_id, permission=permission_of(dossier)) if dossier else None

    async def held_on(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        """Return all dossiers on a patient with their history, for that patient."""
        dossiers = await self.store.of_patient(pseudoniem)
        await self.audit.write(DOSSIERS_SHOWN_TO_PATIENT(self.clock(), pseudoniem=pseudoniem, count=len(dossiers)))
        each = _TOLD // max(len(dossiers), 1)
        return [replace(dossier, history=dossier.history[:each]) for dossier in dossiers]

    async def choose(
        self, pseudoniem: Pseudoniem, dossier_id: DossierId, choice: Choice, seen: Seen | None = None
    ) -> ChoiceOutcome:
        """Keep the patient's choice, unless it is there already or was made on what is the latest no more.

        Raises NotFound, also for a dossier on someone else.
        """
        dossier, now = await self.store.by_id(dossier_id), self.clock()
        on = {"pseudoniem": pseudoniem, "dossier_id": dossier.dossier_id if dossier else None}
        async with refusals(self.audit, CONSENT_REFUSED, now, **on), self.audit.unit_of_work():
            chosen = Consent(choice, now, pseudoniem)
            outcome = await self.store.choose(dossier_id, chosen, seen) if dossier else None
            if dossier is None or outcome is None:
                foreign = dossier is not None and dossier.pseudoniem != pseudoniem
                cause = "another_patient" if foreign else "not_found"
                raise because(NotFound("There is no such dossier."), cause)
            of = {**on, "company_id": dossier.company_id, "choice": choice.value}
            language = seen.shown.language if seen and seen.shown else None
            match outcome:
                case ChoiceOutcome.KEPT:
                    event = CONSENT_CHOSEN(now, **of, language=language)
                case ChoiceOutcome.REPEATED:
                    event = CONSENT_REPEATED(now, **of)
                case ChoiceOutcome.OVERTAKEN:
                    event = CONSENT_OVERTAKEN(now, **of)
            await self.audit.write(event)
        return outcome


def _held(dossier: Dossier) -> Held:
    return Held(Kind.CONSENT_DOSSIER, dossier.company_id, dossier.pseudoniem)


def _caller(caller: Caller) -> dict[str, UUID | None]:
    launch_id = caller.launch_id if isinstance(caller, LaunchCaller) else None
    return {"company_id": caller.company_id, "launch_id": launch_id}
