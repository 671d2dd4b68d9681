"""What companies and patients can do with dossiers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.clock import Clock
from common.errors import ConsentMissing, NotFound, Unavailable
from dossier.model import Choice, Consent, Dossier, DossierStore
from dossier.permissions import gave_permission, permission_of
from schemas.bodies import LaunchDossier
from schemas.identifiers import Bsn, CompanyId, DossierId, Pseudoniem


class Pseudoniemen(Protocol):
    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already."""
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

    async def show(self, company_id: CompanyId, dossier_id: DossierId) -> Dossier:
        """Return a dossier of this company. Raises NotFound, also for another company's."""
        dossier = await self.store.by_id(dossier_id)
        if dossier is None or dossier.company_id != company_id:
            raise NotFound("There is no such dossier.")
        return dossier

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

    async def of_patient(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> LaunchDossier | None:
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
