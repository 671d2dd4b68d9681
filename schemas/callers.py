"""Who is calling, once a bearer token has been verified; and how a route asks for it."""

from dataclasses import dataclass
from typing import Protocol

from schemas.identifiers import CompanyId
from schemas.scopes import Scope


@dataclass(frozen=True, slots=True)
class CompanyCaller:
    """A healthcare company, by its own token."""

    company_id: CompanyId


class CompanyAccess(Protocol):
    """Turns a bearer token into the company that calls."""

    async def company(self, token: str, scope: Scope) -> CompanyCaller:
        """Raise NotAuthenticated for a token that is none of ours, PermissionDenied for the wrong kind or scope."""
        ...
