"""A healthcare company, and what is kept of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

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

    async def secret_digests(self, company_id: CompanyId) -> Sequence[bytes]:
        """Return the digests of the company's secrets."""
        ...

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        """Return the names of companies, in one query."""
        ...
