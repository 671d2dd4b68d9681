"""The scopes of company tokens (contract, section 3)."""

from enum import StrEnum


class Scope(StrEnum):
    DOSSIER_READ = "dossier:read"
    DOSSIER_WRITE = "dossier:write"
    PERMISSION_READ = "permission:read"
    SSO_ISSUE = "sso:issue"
    KEYS_MANAGE = "keys:manage"


ALL = tuple(Scope)


def parse(text: str) -> tuple[Scope, ...] | None:
    """Return the scopes that `text` names (RFC 6749 3.3), all for an empty text, None if one is unknown."""
    names = text.split(" ") if text else [scope.value for scope in ALL]
    if not set(names) <= {scope.value for scope in ALL}:
        return None
    return tuple(scope for scope in ALL if scope.value in names)
