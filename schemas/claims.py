"""What the tokens say. Unknown claims are ignored (RFC 7519 4); a claim that is known is checked in full."""

from functools import lru_cache
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from schemas.base import Omittable, Schema, Text, broken, is_blank
from schemas.identifiers import AgbCode, Bsn, Email, ExternalRelationshipId, Jti, Sub


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise broken("type")
    return value


def _one_audience(value: object) -> object:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise broken("type")
    return value


def _filled_or_absent(name: str | None) -> str | None:
    return name if name is not None and (name[:1].isalnum() or not is_blank(name)) else None


NumericDate = Annotated[int | float, BeforeValidator(_number)]
"""Seconds since 1970-01-01T00:00:00Z, leap seconds ignored; fractions are allowed (RFC 7519 2)."""

Audience = Annotated[str, BeforeValidator(_one_audience)]
"""One audience, as a string or an array of one (RFC 7519 4.1.3)."""

Name = Annotated[Text | None, AfterValidator(_filled_or_absent)]
"""A person's name; an empty one counts as absent (contract, section 2, "Refusals")."""


class _Claims(Schema):
    model_config = ConfigDict(extra="ignore")


class ProfInfo(_Claims):
    """The professional who logs in (seed `sso-token.txt`, ssoTokenProfInfo)."""

    firstname: Omittable[Name] = None
    lastname: Omittable[Name] = None
    email: Omittable[Email] = None
    agb: Omittable[AgbCode] = None


class PatientInfo(_Claims):
    """The patient whose record is open (seed `sso-token.txt`, ssoTokenPatientInfo)."""

    bsn: Omittable[Bsn] = None
    firstname: Omittable[Name] = None
    lastname: Omittable[Name] = None
    email: Omittable[Email] = None


class GivenProfInfo(ProfInfo):
    """The professional, as a token that we sign shall say it."""

    model_config = ConfigDict(extra="forbid")


class GivenPatientInfo(PatientInfo):
    """The patient, as a token that we sign shall say it."""

    model_config = ConfigDict(extra="forbid")


class ProfessionalClaims(_Claims):
    """The professional SSO token (seed `sso-token.txt`)."""

    sub: Sub
    jti: Jti
    iat: NumericDate
    exp: Omittable[NumericDate] = None
    nbf: Omittable[NumericDate] = None
    iss: Omittable[str] = None
    aud: Omittable[Audience] = None
    treatment_relationship_id: Omittable[ExternalRelationshipId] = None
    prof_info: Omittable[ProfInfo] = None
    patient_info: Omittable[PatientInfo] = None

    @property
    def professional(self) -> ProfInfo:
        """Return what is said of the professional; nothing, if nothing is."""
        return self.prof_info or ProfInfo()

    @property
    def bsn(self) -> Bsn | None:
        """Return the patient's BSN, if the token has one."""
        return self.patient_info.bsn if self.patient_info else None


class AssertionClaims(_Claims):
    """A company's client assertion (RFC 7523 3): `iss` and `sub` are both its companyId."""

    iss: str
    sub: str
    aud: Audience
    jti: Jti
    exp: NumericDate
    iat: Omittable[NumericDate] = None
    nbf: Omittable[NumericDate] = None


def _uuid(value: object) -> object:
    return UUID(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _signed_uuid(text: str) -> UUID:
    """Return an identifier that we wrote into a token ourselves. A company asks many times with one token."""
    return UUID(text)


Uuid = Annotated[UUID, BeforeValidator(_uuid)]


class AccessClaims(_Claims):
    """What all our own access tokens say (RFC 9068 2.2)."""

    model_config = ConfigDict(validate_by_name=True)

    iss: str
    sub: str
    client_id: str = Field(alias="client_id")
    aud: str
    iat: int
    exp: int
    jti: Jti


class CompanyClaims(AccessClaims):
    role: Literal["HealthcareCompany"] = "HealthcareCompany"
    company_name: str
    scope: str

    @property
    def company_id(self) -> UUID:
        """Return the company that this token speaks for."""
        return _signed_uuid(self.sub)


class LaunchClaims(AccessClaims):
    role: Literal["Professional"] = "Professional"
    launch_id: Uuid
    pseudoniem: Uuid | None = None
    treatment_relationship_id: str | None = None

    @property
    def company_id(self) -> UUID:
        """Return the company that launched."""
        return _signed_uuid(self.client_id)


class InternalClaims(AccessClaims):
    role: Literal["Internal"] = "Internal"


class PatientClaims(AccessClaims):
    role: Literal["Patient"] = "Patient"


def claims_to_sign(claims: Schema) -> str:
    """Return the claims as the text of a JSON object, those that are absent left out."""
    return claims.model_dump_json(exclude_none=True)
