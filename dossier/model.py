"""A dossier, and the choices that its patient made about it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dossier.access import Reach
from dossier.cursor import Cursor
from schemas.identifiers import CompanyId, DossierId, Pseudoniem


class Choice(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Consent:
    """One choice of the patient, as it was made: what, when and by whom. The latest counts, none is overwritten."""

    choice: Choice
    chosen_at: datetime
    chosen_by: Pseudoniem


@dataclass(frozen=True, slots=True)
class Dossier:
    """A company's dossier on a patient, with the latest consent if the patient has chosen."""

    dossier_id: DossierId
    company_id: CompanyId
    pseudoniem: Pseudoniem
    created_at: datetime
    consent: Consent | None = None


class DossierStore(Protocol):
    async def add(self, dossier: Dossier) -> bool:
        """Keep a dossier; return False, and keep none, if the company has one on this patient."""
        ...

    async def find(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> Dossier | None:
        """Return the company's dossier on this patient."""
        ...

    async def find_many(
        self, company_id: CompanyId, pseudoniemen: Collection[Pseudoniem]
    ) -> Mapping[Pseudoniem, Dossier]:
        """Return the company's dossiers on these patients, those that there are, in one query."""
        ...

    async def page(self, within: Reach, after: Cursor | None, limit: int) -> Sequence[Dossier]:
        """Return at most `limit` of the dossiers within reach, the oldest first, from behind a place on."""
        ...

    async def by_id(self, dossier_id: DossierId) -> Dossier | None:
        """Return a dossier, whoever's it is."""
        ...

    async def of_patient(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        """Return all dossiers on a patient, the oldest first."""
        ...

    async def choose(self, dossier_id: DossierId, consent: Consent) -> bool:
        """Keep a consent for the dossier if it is this patient's; return whether it is."""
        ...

    async def delete(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> bool:
        """Delete the company's dossier on this patient with its consents; return whether there was one."""
        ...
