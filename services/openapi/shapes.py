"""The bodies that have no model in `schemas/`, because no code of ours reads or makes them from one."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, RootModel

from schemas.base import Answer, FilledText, Omittable, Schema
from schemas.bodies import KeyAnswer, LaunchRequest, RelationshipAnswer, SkippedKeyAnswer
from schemas.company_secrets import SecretAnswer
from schemas.identifiers import Bsn


class TokenForm(BaseModel):
    """A token request (RFC 6749 4.4.2).

    Without Basic, `client_id` and `client_secret` are in the form, or a `client_assertion` (RFC 7523 2.2): a JWT of at
    most five minutes that is good once, signed with a key of the client, `iss` and `sub` its client_id, `aud` ours.
    """

    grant_type: Literal["client_credentials"]
    scope: str = ""
    client_id: str = ""
    client_secret: str = ""
    client_assertion_type: str = ""
    client_assertion: str = ""


class OwnTokenForm(BaseModel):
    """A token that may be the caller's own (RFC 7662 2.1, RFC 7009 2.1).

    Authenticate as for a token request, or send an access token of the company as Bearer.
    """

    token: str
    token_type_hint: str = ""
    client_id: str = ""
    client_secret: str = ""
    client_assertion_type: str = ""
    client_assertion: str = ""


class LaunchForm(LaunchRequest):
    """The launch as a browser posts it. Further fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class PatientLogin(Schema):  # the demo's model once more: production loads nothing of the demo
    bsn: Bsn
    last_name: FilledText


class KeyList(Answer):
    items: list[KeyAnswer]


class RelationshipList(RootModel[list[RelationshipAnswer]]):
    """A bare array, as all lists under `/api/v1` are."""


class SecretList(Answer):
    items: list[SecretAnswer]


class KeySet(Answer):
    """RFC 7517 5: public keys only."""

    keys: list[dict[str, Any]]


class ServerMetadata(BaseModel):
    """RFC 8414 2."""

    model_config = ConfigDict(extra="forbid")

    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint: str
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint: str
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    jwks_uri: str
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]
    service_documentation: str


class Alive(Answer):
    status: Literal["ok"]


class Readiness(Answer):
    """`failing` names the parts that do not answer as they should."""

    status: Literal["ready", "unavailable"]
    failing: list[str]


class FaultShown(Answer):
    """`pointer` (RFC 6901) is into the body, or the name of a parameter."""

    pointer: str
    rule: str


class Problem(Schema):
    """RFC 9457. `code` is stable; which members come after `requestId` depends on it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: Omittable[list[FaultShown]] = None
    reason: Omittable[str] = None
    skipped: Omittable[list[SkippedKeyAnswer]] = None
    claim: Omittable[str] = None
    rule: Omittable[str] = None
    gave_permission: Omittable[bool] = None


class OAuthProblem(BaseModel):
    """RFC 6749 5.2."""

    model_config = ConfigDict(extra="forbid")

    error: str
    error_description: str
    request_id: str
