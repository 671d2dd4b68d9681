"""What packages that do not know each other tell one another about a professional and a patient."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from schemas.identifiers import AccountId, Pseudoniem, RelationshipId

AdmissionStatus = Literal["linked", "matched", "created", "registration_required"]


@dataclass(frozen=True, slots=True)
class Admission:
    """Which account a professional came in on; none while registration is required."""

    account_id: AccountId | None
    status: AdmissionStatus


@dataclass(frozen=True, slots=True)
class Relationship:
    """A treatment relationship. `external_id` is the company's name for it, or one that we generated."""

    relationship_id: RelationshipId
    external_id: str
    pseudoniem: Pseudoniem


class RelationshipEnded(Exception):
    """The treatment relationship that was found has been ended by its company since: look again."""


class Standing(StrEnum):
    """Whether an access token of a company counts; if not, why, as the audit says it."""

    GOOD = "good"
    COMPANY_NOT_ACTIVE = "company_not_active"
    TOKEN_REVOKED = "token_revoked"
    SECRET_REVOKED = "secret_revoked"
    """A secret of the company was revoked after the token was issued: it counts, but manages no keys and no secrets."""


@dataclass(frozen=True, slots=True)
class SignedInPatient:
    """A patient who is signed in on the website, and the name that the page greets with."""

    pseudoniem: Pseudoniem
    name: str
