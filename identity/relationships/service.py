"""Finding, making and joining treatment relationships (contract, section 3, "Treatment relationship")."""

import uuid
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.errors import TreatmentRelationshipConflict, TreatmentRelationshipUnknown
from schemas.facts import Relationship, RelationshipEnded
from schemas.identifiers import AccountId, CompanyId, Pseudoniem, RelationshipId


class RelationshipStore(Protocol):
    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        """Begin a transaction that the calls below join."""
        ...

    async def find(self, company_id: CompanyId, external_id: str) -> Relationship | None:
        """Return the company's relationship of this name."""
        ...

    async def joined_last(
        self, company_id: CompanyId, account_id: AccountId, pseudoniem: Pseudoniem
    ) -> Relationship | None:
        """Return the relationship with this patient that the professional joined last."""
        ...

    async def make(self, company_id: CompanyId, relationship: Relationship, now: datetime) -> Relationship:
        """Keep a relationship; return the one that has its name then. Of many at once, one wins."""
        ...

    async def hold(self, relationship_id: RelationshipId) -> bool:
        """Return whether the relationship is there; if so it does not end before this transaction does."""
        ...

    async def join(self, relationship_id: RelationshipId, account_id: AccountId, now: datetime) -> None:
        """Keep that a professional is in a relationship, from now.

        One that is there then does not end before this transaction does. Raises RelationshipEnded for one that is not,
        at once or at the end of the unit of work.
        """
        ...


@dataclass(frozen=True, slots=True)
class Relationships:
    """The treatment relationships of all companies, each seen from its own."""

    store: RelationshipStore

    async def possible(
        self, company_id: CompanyId, external_id: str, pseudoniem: Pseudoniem | None, *, names_patient: bool
    ) -> Relationship | None:
        """Return the relationship of this name, if there is one; raise what `join` would raise. No effect.

        A patient who is named can have no pseudoniem yet.
        """
        relationship = await self.store.find(company_id, external_id)
        _require_agreement(relationship, pseudoniem, names_patient=names_patient)
        return relationship

    async def join(
        self,
        company_id: CompanyId,
        external_id: str | None,
        pseudoniem: Pseudoniem | None,
        account_id: AccountId | None,
        now: datetime,
        found: Relationship | None = None,
    ) -> Relationship | None:
        """Return the relationship of a launch, made if need be, with the professional in it.

        `found` is the one that `possible` returned: that it is there yet need not be asked, as who joins one that is
        not is told so. None for a launch that names no patient. Raises TreatmentRelationshipUnknown for a name alone
        that is not known, TreatmentRelationshipConflict for a name that is another patient's, and, here or at the end
        of the unit of work, RelationshipEnded.
        """
        async with self.store.unit_of_work():
            relationship = found or await self._relationship(company_id, external_id, pseudoniem, account_id, now)
            if relationship is None:
                return None
            if account_id is not None:
                await self.store.join(relationship.relationship_id, account_id, now)
            elif not await self.store.hold(relationship.relationship_id):
                raise RelationshipEnded
            return relationship

    async def enter(self, relationship_id: RelationshipId, account_id: AccountId, now: datetime) -> bool:
        """Keep that a professional is in a relationship, from now; return whether it is still there."""
        async with self.store.unit_of_work():
            held = await self.store.hold(relationship_id)
            if held:
                await self.store.join(relationship_id, account_id, now)
        return held

    async def _relationship(
        self,
        company_id: CompanyId,
        external_id: str | None,
        pseudoniem: Pseudoniem | None,
        account_id: AccountId | None,
        now: datetime,
    ) -> Relationship | None:
        if external_id is not None:
            return await self._named(company_id, external_id, pseudoniem, now)
        if pseudoniem is None:
            return None
        known = await self.store.joined_last(company_id, account_id, pseudoniem) if account_id else None
        return known or await self.store.make(company_id, _new(str(uuid.uuid4()), pseudoniem), now)

    async def _named(
        self, company_id: CompanyId, external_id: str, pseudoniem: Pseudoniem | None, now: datetime
    ) -> Relationship | None:
        names_patient = pseudoniem is not None
        relationship = await self.store.find(company_id, external_id)
        _require_agreement(relationship, pseudoniem, names_patient=names_patient)
        if relationship is None and pseudoniem is not None:
            relationship = await self.store.make(company_id, _new(external_id, pseudoniem), now)
            _require_agreement(relationship, pseudoniem, names_patient=names_patient)  # another may have come first
        return relationship


def _require_agreement(known: Relationship | None, pseudoniem: Pseudoniem | None, *, names_patient: bool) -> None:
    if known is None and not names_patient:
        raise TreatmentRelationshipUnknown("This treatment relationship is not known: launch with the BSN once.")
    if known is not None and names_patient and known.pseudoniem != pseudoniem:
        raise TreatmentRelationshipConflict("This treatment relationship is with another patient.")


def _new(external_id: str, pseudoniem: Pseudoniem) -> Relationship:
    return Relationship(RelationshipId(uuid.uuid4()), external_id, pseudoniem)
