"""The bodies of the HTTP interface: what comes in, and what goes out."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from schemas.base import Answer, FilledText, Omittable, Schema, Shown, Text, broken
from schemas.facts import AdmissionStatus
from schemas.identifiers import Bsn
from schemas.steps import Step


class CompanyRegistration(Schema):
    company_name: Annotated[FilledText, Field(max_length=200)]


class RegisteredCompany(Answer):
    """The only answer that ever shows the secret."""

    company_id: UUID
    company_name: str
    company_secret: str
    status: str


class CompanyAnswer(Answer):
    company_id: UUID
    company_name: str
    status: str
    created_at: datetime


class OfPatient(Schema):
    """A body that names the patient, where a URL should not."""

    bsn: Bsn


class OfPatients(Schema):
    """Many patients at once: what is asked of each is answered in this order."""

    bsns: Annotated[list[Bsn], Field(min_length=1, max_length=1000)]


class PseudoniemAnswer(Answer):
    pseudoniem: UUID


class KeyUpload(Schema):
    jwk: Omittable[dict[str, Any]] = None
    pem: Omittable[str] = None
    label: Omittable[Text] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.jwk is None) == (self.pem is None):
            raise broken("jwk_or_pem")
        return self


class KeyAnswer(Answer):
    kid: str
    kty: str
    alg: str
    label: str | None
    created_at: datetime


class JwksUri(Schema):
    jwks_uri: str


class PublishedKeyAnswer(Answer):
    """`kid` is the name that tokens use, as in the set; `thumbprint` (RFC 7638) is the one to revoke by."""

    kid: str
    thumbprint: str
    kty: str
    alg: str


class SkippedKeyAnswer(Answer):
    """`index` counts from 0, in the order of the set."""

    index: int
    reason: str


class KeySetAnswer(Answer):
    """`failure` is why the last fetch went wrong, null if it went well; then `fetchedAt` is when one last did.

    At `expiresAt` the keys count no longer, unless the set has been read by then.
    """

    jwks_uri: str
    fetched_at: datetime
    expires_at: datetime
    failure: str | None
    keys: list[PublishedKeyAnswer]
    skipped: list[SkippedKeyAnswer]


class Permission(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"


class DossierAnswer(Answer):
    dossier_id: UUID
    pseudoniem: UUID
    permission: Permission
    created_at: datetime


class PermissionAnswer(Answer):
    gave_permission: bool


class PermissionAnswers(Answer):
    results: list[PermissionAnswer]


class DossierPage(Answer):
    items: list[DossierAnswer]
    next_cursor: str | None


class ProfessionalAnswer(Answer):
    sub: str
    account_id: UUID
    linked_at: datetime


class ProfessionalPage(Answer):
    items: list[ProfessionalAnswer]
    next_cursor: str | None


class RelationshipAnswer(Answer):
    """`id` is the company's own name for it, or the one that we generated; `/api/v1` is snake_case."""

    id: str
    pseudoniem: UUID
    created_at: datetime = Field(alias="created_at")


class LaunchRequest(Schema):
    token: str
    client_id: Omittable[str] = None


class DiagnosisRequest(Schema):
    token: str


class DiagnosedStep(Answer):
    step: Step
    ok: bool
    detail: Shown[str] = None


class DiagnosisAnswer(Answer):
    """What a launch would answer; `steps` ends with the first that is not ok, and has all of them otherwise."""

    accepted: bool
    steps: list[DiagnosedStep]


class LaunchCompany(Answer):
    company_id: UUID
    company_name: str


class LaunchProfessional(Answer):
    account_id: UUID | None
    sub: str
    status: AdmissionStatus
    registration_url: Shown[str] = None


class LaunchPatient(Answer):
    pseudoniem: UUID


class LaunchDossier(Answer):
    dossier_id: UUID
    permission: Permission


class LaunchContext(Answer):
    """What a launch opens. The access token's lifetime is in seconds."""

    launch_id: UUID
    company: LaunchCompany
    professional: LaunchProfessional
    patient: LaunchPatient | None
    treatment_relationship_id: str | None
    dossier: LaunchDossier | None
    access_token: str | None
    token_type: str = "Bearer"
    expires_in: int | None
