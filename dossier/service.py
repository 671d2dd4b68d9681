"""What companies and patients can do with dossiers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.clock import Clock
from common.errors import ConsentMissing, NotFound, Unavailable
from dossier.cursor import Cursor
from dossier.model import Choice, Consent, Dossier, DossierStore
from dossier.permissions import gave_permission, may_see, permission_of
from schemas.bodies import LaunchDossier
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.identifiers import Bsn, CompanyId, DossierId, Pseudoniem


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
    """The dossiers of all companies. The BSN comes in and goes no further than the first line."""

    store: DossierStore
    pseudoniemen: Pseudoniemen
    clock: Clock

    async def create(self, company_id: CompanyId, bsn: Bsn) -> tuple[Dossier, bool]:
        """Return the company's dossier on this patient, and whether it is new."""
        pseudoniem = await self.pseudoniemen.make(bsn)
        dossier = Dossier(DossierId(uuid.uuid4()), company_id, pseudoniem, self.clock())
        if await self.store.add(dossier):
            return dossier, True
        existing = await self.store.find(company_id, pseudoniem)
        if existing is None:  # deleted between the two looks
            raise Unavailable("the dossier")
        return existing, False

    async def show(self, caller: CompanyCaller | LaunchCaller, dossier_id: DossierId) -> Dossier:
        """Return a dossier that the caller may see. Raises NotFound, also for what is there and is another's."""
        dossier = await self.store.by_id(dossier_id)
        if dossier is None or not may_see(caller, dossier):
            raise NotFound("There is no such dossier.")
        return dossier

    async def page(
        self, caller: CompanyCaller | LaunchCaller, after: Cursor | None, limit: int
    ) -> tuple[Sequence[Dossier], Cursor | None]:
        """Return the next dossiers that the caller may see, and where to go on; None when there are no more.

        A company sees its own; a launched professional that of the launch's patient.
        """
        if isinstance(caller, LaunchCaller):
            dossier = await self.store.find(caller.company_id, caller.pseudoniem) if caller.pseudoniem else None
            return [dossier] if dossier else [], None
        found = await self.store.page(caller.company_id, after, limit + 1)
        shown, more = found[:limit], len(found) > limit
        return shown, Cursor(shown[-1].created_at, shown[-1].dossier_id) if more else None

    async def permissions(self, company_id: CompanyId, bsns: Sequence[Bsn]) -> Sequence[bool]:
        """Return for each patient, in the order asked, whether they approved sharing for this company."""
        pseudoniemen = await self.pseudoniemen.find_many(bsns)
        known = {pseudoniem for pseudoniem in pseudoniemen if pseudoniem is not None}
        dossiers = await self.store.find_many(company_id, known)
        return [pseudoniem is not None and gave_permission(dossiers.get(pseudoniem)) for pseudoniem in pseudoniemen]

    async def require_permission(self, company_id: CompanyId, bsn: Bsn) -> None:
        """Raise ConsentMissing unless the patient has approved sharing for this company."""
        pseudoniem = await self.pseudoniemen.find(bsn)
        dossier = await self.store.find(company_id, pseudoniem) if pseudoniem else None
        if not gave_permission(dossier):
            raise ConsentMissing("The patient has not approved sharing for this company.")

    async def delete(self, company_id: CompanyId, bsn: Bsn) -> None:
        """Delete the company's dossier on this patient, and the consent with it. Raises NotFound."""
        pseudoniem = await self.pseudoniemen.find(bsn)
        if pseudoniem is None or not await self.store.delete(company_id, pseudoniem):
            raise NotFound("There is no dossier on this patient.")

    async def for_launch(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> LaunchDossier | None:
        """Return the company's dossier on a patient as a launch shows it."""
        dossier = await self.store.find(company_id, pseudoniem)
        return LaunchDossier(dossier_id=dossier.dossier_id, permission=permission_of(dossier)) if dossier else None

    async def held_on(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        """Return all dossiers on a patient, for that patient."""
        return await self.store.of_patient(pseudoniem)

    async def choose(self, pseudoniem: Pseudoniem, dossier_id: DossierId, choice: Choice) -> None:
        """Keep the patient's choice. Raises NotFound, also for a dossier on someone else."""
        if not await self.store.choose(dossier_id, Consent(choice, self.clock(), pseudoniem)):
            raise NotFound("There is no such dossier.")
