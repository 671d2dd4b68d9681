"""The one table from exception to wire form; the only place that knows status codes.

A class without a row of its own has the row of its nearest ancestor. Four forms: problem documents (RFC 9457),
OAuth errors (RFC 6749 5.2), pages, and under `/api/v1` for what breaks a rule the keywords of its fields. Which one a
route speaks is `wire` in its scope (`common/http/routing.py`).
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from starlette.responses import Response

from common import errors
from common.errors import InvalidInput, ServiceError


@dataclass(frozen=True, slots=True)
class Row:
    """Status, and the title that all errors of this code share."""

    status: int
    title: str


TABLE: Mapping[type[ServiceError], Row] = {
    errors.MalformedBody: Row(400, "The request could not be read"),
    errors.DuplicateParameter: Row(400, "A parameter was given twice"),
    errors.UnknownHost: Row(400, "This service has another name"),
    errors.BodyTooSlow: Row(408, "The request body did not arrive in time"),
    errors.BodyTooLarge: Row(413, "The request body is too large"),
    errors.UnsupportedMediaType: Row(415, "The media type is not supported"),
    errors.InvalidInput: Row(422, "The request breaks a rule"),
    errors.KeyRejected: Row(422, "The key was not accepted"),
    errors.JwksUriRejected: Row(422, "The URL of keys was not accepted"),
    errors.SecretRejected: Row(422, "No secret was made"),
    errors.TreatmentRelationshipUnknown: Row(422, "The treatment relationship is unknown"),
    errors.TokenRejected: Row(401, "The token was not accepted"),
    errors.ClaimRejected: Row(401, "A claim of the token was not accepted"),
    errors.TokenExpired: Row(401, "The token is too old"),
    errors.TokenReplayed: Row(401, "The token has been used before"),
    errors.NotAuthenticated: Row(401, "Authentication is needed"),
    errors.SignInFailed: Row(401, "Signing in failed"),
    errors.PermissionDenied: Row(403, "Not allowed"),
    errors.ConsentMissing: Row(403, "The patient has not approved"),
    errors.NotFound: Row(404, "Not found"),
    errors.MethodNotAllowed: Row(405, "The method is not allowed"),
    errors.Conflict: Row(409, "This does not go together with what is there"),
    errors.TreatmentRelationshipConflict: Row(409, "The treatment relationship is with another patient"),
    errors.OtherPatientOpen: Row(409, "Something else is open now"),
    errors.RateLimited: Row(429, "Too many requests"),
    errors.Unavailable: Row(503, "The service cannot answer now"),
    errors.OAuthError: Row(400, "The token request was not accepted"),
    errors.InvalidClient: Row(401, "Client authentication failed"),
    errors.InternalFault: Row(500, "Something went wrong on our side"),
}

_OAUTH_CODES = {
    "malformed_body": "invalid_request",
    "duplicate_parameter": "invalid_request",
    "not_authenticated": "invalid_token",  # RFC 6750 3.1, where an access token is sent in place of credentials
    "permission_denied": "insufficient_scope",
}


_KEYWORDS = {
    "type": "invalid_type",
    "null": "invalid_type",
    "missing": "required",
    "blank": "required",
    "required": "required",
    "taken": "taken",
    "too_long": "too_long",
    "unknown_member": "unknown_member",
}
"""What the seed `dossier-groups.txt` and its contract call a rule; every other one is `invalid_` and its own name."""


def row_of(error: type[ServiceError]) -> Row:
    """Return the row for an error class: its own, or its nearest ancestor's. Raises KeyError if none has one."""
    for ancestor in error.__mro__:
        if issubclass(ancestor, ServiceError) and ancestor in TABLE:
            return TABLE[ancestor]
    raise KeyError(error.__name__)


def with_codes(error: type[ServiceError] = ServiceError) -> dict[str, type[ServiceError]]:
    """Return every error class that has a code of its own, by code: what a caller can meet."""
    found = {error.code: error} if "code" in vars(error) else {}
    for narrower in error.__subclasses__():
        found |= with_codes(narrower)
    return found


def problem(error: ServiceError, request_id: str) -> Response:
    """Return the RFC 9457 problem document of an error."""
    row = row_of(type(error))
    members = {
        "type": f"/errors/{error.code}",
        "title": row.title,
        "status": row.status,
        "detail": error.detail,
        "code": error.code,
        "requestId": request_id,
        **error.members(),
    }
    return Response(json.dumps(members), row.status, headers_of(error), "application/problem+json")


def oauth_error(error: ServiceError, request_id: str) -> Response:
    """Return the RFC 6749 5.2 form of an error; what is merely unreadable or invalid is its `invalid_request`."""
    status = row_of(type(error)).status
    code = _OAUTH_CODES.get(error.code, error.code)
    if code == "invalid_request":
        status = 400
    body = {"error": code, "error_description": error.detail, "request_id": request_id}
    headers = {**headers_of(error), "Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(json.dumps(body), status, headers, "application/json")


def is_of_fields(error: ServiceError) -> TypeGuard[InvalidInput]:
    """Return whether an error says which fields break which rules, and no more."""
    return type(error) is InvalidInput and bool(error.faults)


def field_errors(error: InvalidInput) -> Response:
    """Return the form of `/api/v1`: for each field, by its bare name, the keywords of what is wrong with it.

    What is wrong with all of the body stands under `body`.
    """
    found = defaultdict[str, list[str]](list)
    for fault in error.faults:
        keyword = _KEYWORDS.get(fault.rule, f"invalid_{fault.rule}")
        of_field = found[fault.pointer.rpartition("/")[2] or "body"]
        if keyword not in of_field:
            of_field.append(keyword)
    return Response(json.dumps({"errors": found}), row_of(type(error)).status, media_type="application/json")


def headers_of(error: ServiceError) -> dict[str, str]:  # noqa: PLR0911 - one return per kind of error reads best
    """Return the headers that an error brings along, in every form: its challenge, or when to come back."""
    match error:
        case errors.Unavailable() | errors.RateLimited():
            return {"Retry-After": str(error.retry_after)}
        case errors.MethodNotAllowed():
            return {"Allow": ", ".join(error.allow)}
        case errors.InvalidClient():
            return {"WWW-Authenticate": _challenge(error.scheme)}
        case errors.TokenRejected():
            return {"WWW-Authenticate": _challenge("Bearer", error="invalid_token")}
        case errors.NotAuthenticated():
            return {"WWW-Authenticate": _challenge("Bearer", error=error.error)}
        case errors.PermissionDenied() if error.bearer:
            return {"WWW-Authenticate": _challenge("Bearer", error="insufficient_scope", scope=error.scope)}
        case _:
            return {}


def _challenge(scheme: str, **parameters: str) -> str:
    given = {"realm": "sso", **parameters}
    if scheme == "Basic":
        given["charset"] = "UTF-8"
    return f"{scheme} " + ", ".join(f'{name}="{value}"' for name, value in given.items() if value)
