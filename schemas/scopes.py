"""The scopes of company tokens (contract, section 3)."""

from enum import StrEnum


class Scope(StrEnum):
    DOSSIER_READ = "dossier:read"
    DOSSIER_WRITE = "dossier:write"
    PERMISSION_READ = "permission:read"
    SSO_ISSUE = "sso:issue"
    KEYS_MANAGE = "keys:manage"


ALL = tuple(Scope)
_NAMES = frozenset(scope.value for scope in ALL)


def parse(text: str) -> tuple[Scope, ...] | None:
    """Return the scopes that `text` names (RFC 6749 3.3), all for an empty text, None if one is unknown."""
    if not text:
        return ALL
    names = set(text.split(" "))
    return tuple(scope for scope in ALL if scope in names) if names <= _NAMES else None
