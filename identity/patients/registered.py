"""The patients that the demo has registered, and who of them is signing in. Production has no such list."""

from dataclasses import dataclass
from typing import Protocol

from common.audit.catalogue import PATIENT_REFUSED
from common.audit.events import AuditLog
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import NotAuthenticated
from schemas.base import folded
from schemas.identifiers import Bsn, Pseudoniem


@dataclass(frozen=True, slots=True)
class Patient:
    pseudoniem: Pseudoniem
    first_name: str
    last_name: str


class PatientStore(Protocol):
    async def add(self, patient: Patient) -> Patient:
        """Keep a patient; return whom this pseudoniem belongs to then: of many at once, the first."""
        ...

    async def find(self, pseudoniem: Pseudoniem) -> Patient | None:
        """Return a patient."""
        ...


class Pseudoniemen(Protocol):
    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already."""
        ...

    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN, made on first sight."""
        ...


@dataclass(frozen=True, slots=True)
class RegisteredPatients:
    """The demo's patients: registered with BSN and names, recognised by BSN and last name."""

    store: PatientStore
    pseudoniemen: Pseudoniemen
    audit: AuditLog
    clock: Clock

    async def register(self, bsn: Bsn, first_name: str, last_name: str) -> Patient:
        """Return the patient, registered now or before under this last name. Raises NotAuthenticated for another."""
        patient = await self.store.add(Patient(await self.pseudoniemen.make(bsn), first_name, last_name))
        return await self._recognised(
            patient, last_name, NotAuthenticated("Somebody is registered with this BSN under another last name.")
        )

    async def recognise(self, bsn: Bsn, last_name: str) -> Patient:
        """Return the patient with this BSN and last name. Raises NotAuthenticated, the same for either being wrong."""
        pseudoniem = await self.pseudoniemen.find(bsn)
        patient = await self.store.find(pseudoniem) if pseudoniem else None
        return await self._recognised(
            patient, last_name, NotAuthenticated("There is no patient registered with this BSN and last name.")
        )

    async def _recognised(self, patient: Patient | None, last_name: str, refusal: NotAuthenticated) -> Patient:
        whose = patient.pseudoniem if patient else None
        async with refusals(self.audit, PATIENT_REFUSED, self.clock(), pseudoniem=whose):
            if patient is None or folded(patient.last_name) != folded(last_name):
                raise refusal
            return patient
