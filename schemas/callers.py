"""Who is calling, once a bearer token has been verified; and how a route asks for it."""

from dataclasses import dataclass
from typing import Protocol

from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from schemas.scopes import Scope


@dataclass(frozen=True, slots=True)
class CompanyCaller:
    """A healthcare company, by its own token, and when that was issued (`iat`, seconds)."""

    company_id: CompanyId
    issued_at: int = 0


@dataclass(frozen=True, slots=True)
class LaunchCaller:
    """A launched professional. `pseudoniem` is that of the launch's patient; None for a launch without one."""

    company_id: CompanyId
    launch_id: LaunchId
    pseudoniem: Pseudoniem | None


class CompanyAccess(Protocol):
    """Turns a bearer token into the company that calls."""

    async def company(self, token: str, scope: Scope | None) -> CompanyCaller:
        """Raise NotAuthenticated for a token that is none of ours, PermissionDenied for the wrong kind or scope."""
        ...


class DossierAccess(CompanyAccess, Protocol):
    """Turns a bearer token into a company or a launched professional."""

    async def company_or_launch(self, token: str, scope: Scope) -> CompanyCaller | LaunchCaller:
        """Raise NotAuthenticated or PermissionDenied; the scope is a company's."""
        ...


class InternalAccess(Protocol):
    """Turns a bearer token into one of our own services."""

    async def internal(self, token: str) -> str:
        """Return the service's name. Raise NotAuthenticated, or PermissionDenied for any other role."""
        ...
