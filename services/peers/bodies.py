"""What our services say to each other, both ways: of ours alone, and no part of the public contract.

Among ourselves a patient is the inner pseudoniem; a BSN is in the question for a pseudoniem alone. What is not there is
a null in an answer, never a status: a path that is not there has one of those too. Answers may have members that we do
not know, so that a service can be newer than those who ask it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationError

from common.errors import Unavailable
from dossier.model import Choice, ChoiceOutcome
from schemas.base import Answer, Rules, Shown
from schemas.bodies import Permission
from schemas.facts import Standing

MAX_COMPANIES: Final = 1_000
"""Whose names are asked in one question: more than fit into a body."""


class Question(Answer):
    """What one service asks. UUIDs and times come as JSON strings, here and below."""

    model_config = ConfigDict(strict=False)


class Reply(Answer):
    """What the other says."""

    model_config = ConfigDict(strict=False, extra="ignore")

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Self:
        """Return what another service of ours answered. Raises Unavailable for what is no such answer."""
        try:
            return cls.model_validate(members, context=Rules())
        except ValidationError:
            raise Unavailable("another service", private=f"no {cls.__name__} in its answer") from None


class MadePseudoniem(Reply):
    pseudoniem: UUID


class KnownPseudoniemen(Reply):
    """In the order asked; null where a BSN has none yet."""

    pseudoniemen: list[UUID | None]


class OfToken(Question):
    """An access token that says it is this company's. A service that is older than identity does not tell its `iat`."""

    company_id: UUID
    jti: str
    iat: int | None = None


class TokenStanding(Reply):
    """A company that is not known is not active."""

    standing: Standing


class OfCompanies(Question):
    company_ids: Annotated[list[UUID], Field(max_length=MAX_COMPANIES)]


class CompanyNames(Reply):
    """By company id; one that is not known is left out."""

    names: dict[UUID, str]


class OfLaunch(Question):
    launch_id: UUID


class PatientOfLaunch(Reply):
    """Null for a launch without a patient, and for one that has `ended`, or never was."""

    pseudoniem: UUID | None
    ended: bool = False


class OfSession(Question):
    """The token in a patient's cookie."""

    token: str


class SignedIn(Reply):
    """Who is signed in, and what the page greets with; null without a session that is alive."""

    pseudoniem: UUID | None
    name: str | None


class SignIn(Question):
    """Whom the identity provider vouched for; `previous` is the token that the browser had until now."""

    pseudoniem: UUID
    name: Annotated[str, Field(max_length=255)]
    previous: str | None


class NewSession(Reply):
    token: str


class FailedSignIn(Question):
    cause: Annotated[str, Field(max_length=40)]


class OfCompanyAndPatient(Question):
    company_id: UUID
    pseudoniem: UUID


class OfPseudoniem(Question):
    pseudoniem: UUID


class DossierAtLaunch(Reply):
    """Null where the company has none on the patient."""

    dossier_id: UUID | None
    permission: Permission | None


class GivenConsent(Reply):
    """`shown` is what the patient had read, in `language`; both are left out where that is not known."""

    choice: Choice
    chosen_at: datetime
    number: int = 0
    language: Shown[str] = None
    shown: Shown[str] = None


class HeldDossier(Reply):
    """`history` has the latest choices, the newest first; a service that is older does not tell them."""

    dossier_id: UUID
    company_id: UUID
    created_at: datetime
    consent: GivenConsent | None
    history: tuple[GivenConsent, ...] = ()


class HeldDossiers(Reply):
    items: list[HeldDossier]


class ShownText(Question):
    language: Literal["en", "nl"]
    text: Annotated[str, Field(max_length=2000)]


class OnWhat(Question):
    """What the patient had before them when choosing: the number of the latest consent, and the text."""

    latest: int
    shown: ShownText | None


class ConsentChoice(Question):
    """A website that is older does not tell what the patient had `seen`."""

    pseudoniem: UUID
    dossier_id: UUID
    choice: Choice
    seen: OnWhat | None = None


class Kept(Reply):
    """What came of a choice; not `kept`, for a dossier that is not there or is on someone else."""

    kept: bool
    outcome: ChoiceOutcome = ChoiceOutcome.KEPT
