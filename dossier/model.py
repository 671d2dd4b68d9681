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
    """One choice of the patient, as it was made: what, when and by whom. The latest counts, none is overwritten.

    `number` counts from 1 for each dossier; it is 0 until the consent is kept.
    """

    choice: Choice
    chosen_at: datetime
    chosen_by: Pseudoniem
    number: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What the patient had read when choosing: the text, and its language (a BCP 47 tag)."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the patient had before them: the number of the latest consent, 0 for none, and the text of the choice."""

    latest: int
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A consent with what was shown; None where nobody said what that was (ADR 0033)."""

    consent: Consent
    shown: Shown | None


class ChoiceOutcome(StrEnum):
    """What came of a choice: kept; there already, so nothing was added; or made on what is the latest no more."""

    KEPT = "kept"
    REPEATED = "repeated"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Dossier:
    """A company's dossier on a patient, with the latest consent if the patient has chosen.

    `history` has the latest choices, the newest first; it is there for the patient alone.
    """

    dossier_id: DossierId
    company_id: CompanyId
    pseudoniem: Pseudoniem
    created_at: datetime
    consent: Consent | None = None
    history: Sequence[Chosen] = ()


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
        """Return all dossiers on a patient, the oldest first, each with up to twenty choices of its history."""
        ...

    async def choose(self, dossier_id: DossierId, consent: Consent, seen: Seen | None = None) -> ChoiceOutcome | None:
        """Keep a consent for the dossier unless it is there already, or another has been made since; None if no such
        dossier is this patient's. Without `seen` it is made on whatever there is.
        """
        ...

    async def delete(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> bool:
        """Delete the company's dossier on this patient with its consents; return whether there was one."""
        ...
