"""What the operations share: how a caller shows who it is, the headers of answers, and the errors."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from common import errors
from common.errors import ServiceError
from common.http.routing import Wire
from schemas.scopes import Scope
from services.openapi.errors import raised, shown
from services.openapi.operation import Operation
from services.openapi.samples import SAMPLES
from sso.launch.routes import COOKIE

HEADERS: Final[Mapping[str, Any]] = {
    name: {"description": meaning, "schema": {"type": "string"}}
    for name, meaning in {
        "Allow": "The methods that the path has",
        "Cache-Control": "How long the answer may be kept",
        "Link": "The next page, as rel=next (RFC 8288); absent on the last",
        "Location": "Where it is",
        "Retry-After": "Seconds until trying again makes sense",
        "Set-Cookie": "The session, or its end",
        "WWW-Authenticate": "What is asked for (RFC 6750 3, RFC 7617)",
        "X-Request-Id": "The caller's own, if that is a UUID or 32 hexadecimal digits, else a new one",
    }.items()
}

_SCOPES: Final[Mapping[Scope, str]] = {
    Scope.DOSSIER_READ: "See dossiers and treatment relationships",
    Scope.DOSSIER_WRITE: "Make and delete dossiers, end treatment relationships",
    Scope.PERMISSION_READ: "Ask whether a patient approved sharing",
    Scope.SSO_ISSUE: "Have SSO tokens signed, and undo the wrong link of a professional",
    Scope.KEYS_MANAGE: "Register and revoke keys",
}


def security_schemes(issuer: str) -> dict[str, Any]:
    """Return the ways to show who calls, each with a `description` that a sentence can begin with."""
    return {
        "company": {
            "type": "oauth2",
            "description": "A company token",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": f"{issuer}/auth/token",
                    "scopes": {scope.value: meaning for scope, meaning in _SCOPES.items()},
                }
            },
        },
        "launch": {"type": "http", "scheme": "bearer", "description": "The access token of a launch"},
        "internal": {
            "type": "oauth2",
            "description": "An internal token",
            "flows": {"clientCredentials": {"tokenUrl": f"{issuer}/auth/token/internal", "scopes": {}}},
        },
        "clientSecret": {"type": "http", "scheme": "basic", "description": "The client's id and secret, as Basic"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE.name,
            "description": "The session cookie of a launch",
        },
    }


def error_examples(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return an example of every error: in the form that all routes but the token endpoints have, or in theirs."""
    anywhere = {(type(sample), _wire(sample)) for sample in SAMPLES}
    here = {(error, operation.wire) for operation in operations for error in raised(operation)}
    named = {one.name: {"value": one.value} for one in (shown(error, wire) for error, wire in anywhere | here)}
    return dict(sorted(named.items()))


def error_list() -> str:
    """Return the codes of all errors as a Markdown table."""
    rows = sorted({(one.status, one.code) for one in (shown(type(sample), _wire(sample)) for sample in SAMPLES)})
    return "\n".join(["| status | code |", "|---|---|", *(f"| {status} | `{code}` |" for status, code in rows)])


def _wire(sample: ServiceError) -> Wire:
    return "oauth" if isinstance(sample, errors.OAuthError) else "negotiated"
