"""What a launch asks of others: each a protocol of one or two methods, satisfied in `services`."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from schemas.bodies import LaunchDossier
from schemas.claims import ProfInfo
from schemas.identifiers import AccountId, Bsn, CompanyId, Pseudoniem, RelationshipId

AdmissionStatus = Literal["linked", "matched", "created", "registration_required"]


class UnitOfWork(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[object]:
        """Begin a transaction that all stores on the same database join."""
        ...


class Pseudoniemen(Protocol):
    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already. No effect."""
        ...

    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN, made on first sight."""
        ...


@dataclass(frozen=True, slots=True)
class Admission:
    """Which account a professional came in on; none while registration is required."""

    account_id: AccountId | None
    status: AdmissionStatus


class Professionals(Protocol):
    async def admit(self, company_id: CompanyId, sub: str, info: ProfInfo, now: datetime) -> Admission:
        """Match the professional with an account, or make one."""
        ...


@dataclass(frozen=True, slots=True)
class Relationship:
    """A treatment relationship. `external_id` is the company's name for it."""

    relationship_id: RelationshipId
    external_id: str
    pseudoniem: Pseudoniem


class Relationships(Protocol):
    async def find(self, company_id: CompanyId, external_id: str) -> Relationship | None:
        """Return the company's relationship of this name. No effect."""
        ...

    async def join(
        self,
        company_id: CompanyId,
        external_id: str | None,
        pseudoniem: Pseudoniem | None,
        account_id: AccountId | None,
        now: datetime,
    ) -> Relationship | None:
        """Return the relationship of a launch, made if need be, with the professional in it.

        None for a launch without a patient. Raises TreatmentRelationshipConflict or TreatmentRelationshipUnknown.
        """
        ...


class Dossiers(Protocol):
    async def of_patient(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> LaunchDossier | None:
        """Return the company's dossier of this patient with the permission as it is now, if there is one."""
        ...
