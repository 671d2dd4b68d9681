"""What our services say to each other, both ways: of ours alone, and no part of the public contract.

Inside, a patient is the inner pseudoniem; a BSN is in the question for a pseudoniem alone.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationError

from common.errors import Unavailable
from dossier.model import Choice
from schemas.base import Answer, Rules
from schemas.bodies import Permission


class Inside(Answer):
    """A body between our services. UUIDs and times come as JSON strings."""

    model_config = ConfigDict(strict=False)

    @classmethod
    def of_answer(cls, members: Mapping[str, Any]) -> Self:
        """Return what another service of ours answered. Raises Unavailable for what is no such answer."""
        try:
            return cls.model_validate(members, context=Rules())
        except ValidationError:
            raise Unavailable("another service", private=f"no {cls.__name__} in its answer") from None


class KnownPseudoniemen(Inside):
    """In the order asked; null where a BSN has none yet."""

    pseudoniemen: list[UUID | None]


class ActiveCompany(Inside):
    company_name: str


class OfCompanies(Inside):
    company_ids: Annotated[list[UUID], Field(max_length=10_000)]


class CompanyNames(Inside):
    """By company id; one that is not known is left out."""

    names: dict[UUID, str]


class OfCompany(Inside):
    company_id: UUID


class OfLaunch(Inside):
    launch_id: UUID


class PatientOfLaunch(Inside):
    """Null for a launch without a patient, and for one that is not known."""

    pseudoniem: UUID | None


class OfSession(Inside):
    """The token in a patient's cookie."""

    token: str


class SignedIn(Inside):
    """A patient who is signed in, and what the page greets with."""

    pseudoniem: UUID
    name: str


class OfCompanyAndPatient(Inside):
    company_id: UUID
    pseudoniem: UUID


class OfPseudoniem(Inside):
    pseudoniem: UUID


class DossierAtLaunch(Inside):
    dossier_id: UUID
    permission: Permission


class GivenConsent(Inside):
    choice: Choice
    chosen_at: datetime


class HeldDossier(Inside):
    dossier_id: UUID
    company_id: UUID
    created_at: datetime
    consent: GivenConsent | None


class HeldDossiers(Inside):
    items: list[HeldDossier]


class ConsentChoice(Inside):
    pseudoniem: UUID
    dossier_id: UUID
    choice: Choice
