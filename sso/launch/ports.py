"""What a launch asks of others: each a protocol of one or two methods, satisfied in `services`."""

from datetime import datetime
from typing import Protocol

from schemas.bodies import LaunchDossier
from schemas.claims import ProfInfo
from schemas.facts import Admission, Relationship
from schemas.identifiers import AccountId, Bsn, CompanyId, Pseudoniem, RelationshipId


class Pseudoniemen(Protocol):
    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already. No effect."""
        ...

    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN, made on first sight."""
        ...


class Professionals(Protocol):
    async def admit(self, company_id: CompanyId, sub: str, info: ProfInfo, now: datetime) -> Admission:
        """Match the professional with an account, or make one."""
        ...


class Relationships(Protocol):
    async def possible(
        self, company_id: CompanyId, external_id: str, pseudoniem: Pseudoniem | None, *, names_patient: bool
    ) -> Relationship | None:
        """Return the relationship of this name, if there is one; raise what `join` would raise. No effect.

        A patient who is named can have no pseudoniem yet.
        """
        ...

    async def join(
        self,
        company_id: CompanyId,
        external_id: str | None,
        pseudoniem: Pseudoniem | None,
        account_id: AccountId | None,
        now: datetime,
        found: Relationship | None,
    ) -> Relationship | None:
        """Return the relationship of a launch, made if need be, with the professional in it.

        `found` is what `possible` returned, None to look again. None for a launch without a patient. Raises
        TreatmentRelationshipConflict, TreatmentRelationshipUnknown, or RelationshipEnded: then look again.
        """
        ...

    async def enter(self, relationship_id: RelationshipId, account_id: AccountId, now: datetime) -> bool:
        """Keep that a professional is in a relationship; return whether it is still there."""
        ...


class Dossiers(Protocol):
    async def for_launch(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> LaunchDossier | None:
        """Return the company's dossier of this patient with the permission as it is now, if there is one."""
        ...
