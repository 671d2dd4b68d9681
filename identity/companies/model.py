"""A healthcare company, and what is kept of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID, uuid4

from schemas.identifiers import CompanyId


class Status(StrEnum):
    """Only an active company has tokens and launches. A pending one waits for an operator's approval."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Company:
    company_id: CompanyId
    name: str
    status: Status
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class CompanySecret:
    """What is kept of a secret, which is never the secret. Without `expires_at` it counts until it is revoked."""

    secret_id: UUID
    digest: bytes
    label: str | None
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


def first_secret(company: Company, digest: bytes) -> CompanySecret:
    """Return what is kept of the secret that a company gets when it registers: it has no end."""
    return CompanySecret(uuid4(), digest, None, company.registered_at)


class CompanyStore(Protocol):
    async def add(self, company: Company, secret_digest: bytes) -> None:
        """Keep a new company with its first secret."""
        ...

    async def find(self, company_id: CompanyId) -> Company | None:
        """Return a company, whatever its status."""
        ...

    async def all(self) -> Sequence[Company]:
        """Return every company, in the order of their registration."""
        ...

    async def set_status(self, company_id: CompanyId, status: Status, *, was: Status) -> bool:
        """Give a company whose status `was` another; return whether it was. Of many at once, one does it."""
        ...

    async def with_secrets(
        self, company_id: CompanyId, now: datetime
    ) -> tuple[Company, Sequence[CompanySecret]] | None:
        """Return a company, whatever its status, and its secrets that count now, the oldest first; in one query."""
        ...

    async def note_use(self, secret_id: UUID, now: datetime, unless_after: datetime) -> None:
        """Keep that a secret was used, unless a use after that time is kept; waits for nobody for long.

        Raises nothing, but for a connection that is lost.
        """
        ...

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        """Return the names of companies, in one query."""
        ...


class SecretStore(CompanyStore, Protocol):
    async def lock_secrets(self, company_id: CompanyId) -> datetime | None:
        """Let nobody else change this company's secrets until the transaction that is open has ended.

        Return when one of them was revoked last.
        """
        ...

    async def add_secret(self, company_id: CompanyId, secret: CompanySecret) -> None:
        """Keep one more secret, and none any longer whose end has come."""
        ...

    async def remove_secret(self, company_id: CompanyId, secret_id: UUID) -> None:
        """Forget a secret of a company."""
        ...

    async def keep_revocation(self, company_id: CompanyId, at: datetime) -> None:
        """Keep when a secret of a company was revoked last, unless a later time is kept."""
        ...
