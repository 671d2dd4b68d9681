"""The bodies of the token endpoints (RFC 6749, RFC 7662); OAuth's members are snake_case."""

from pydantic import Field

from schemas.base import Answer, Omittable, Schema, Shown
from schemas.claims import GivenPatientInfo, GivenProfInfo
from schemas.identifiers import ExternalRelationshipId, Sub


class CompanyCredentials(Schema):
    company_id: str
    company_secret: str


class TokenAnswer(Answer):
    """RFC 6749 5.1; lifetime in seconds."""

    access_token: str = Field(alias="access_token")
    token_type: str = Field(default="Bearer", alias="token_type")
    expires_in: int = Field(alias="expires_in")
    scope: Shown[str] = None


class IntrospectionAnswer(Answer):
    """RFC 7662 2.2; what a token does not have is left out, and of one that is not active all but `active`."""

    active: bool
    scope: Shown[str] = None
    client_id: Shown[str] = Field(default=None, alias="client_id")
    token_type: Shown[str] = Field(default=None, alias="token_type")
    exp: Shown[int] = None
    iat: Shown[int] = None
    sub: Shown[str] = None
    aud: Shown[str] = None
    iss: Shown[str] = None
    jti: Shown[str] = None


class TokenContents(Schema):
    """What a professional's SSO token shall say, that a company has us sign."""

    sub: Sub
    treatment_relationship_id: Omittable[ExternalRelationshipId] = None
    prof_info: Omittable[GivenProfInfo] = None
    patient_info: Omittable[GivenPatientInfo] = None


class SignedToken(Answer):
    """Lifetime in seconds."""

    token: str
    jti: str
    expires_in: int
