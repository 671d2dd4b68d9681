"""What an operator decides of companies: who may take part, and who may not for now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from common.audit.catalogue import COMPANY_APPROVED, COMPANY_CHANGE_REFUSED, COMPANY_RESUMED, COMPANY_SUSPENDED
from common.audit.events import AuditLog, EventType
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import Conflict, NotFound
from identity.companies.model import Company, CompanyStore, Status
from schemas.identifiers import CompanyId

_CURES: Final = {
    Status.PENDING: "approve it first",
    Status.ACTIVE: "suspend it first",
    Status.SUSPENDED: "resume it instead",
}


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets companies in and keeps them out; every process knows with its next request."""

    store: CompanyStore
    audit: AuditLog
    clock: Clock

    async def all(self) -> Sequence[Company]:
        """Return every company, in the order of their registration."""
        return await self.store.all()

    async def find(self, company_id: str) -> Company:
        """Return the company of an id as an operator typed it. Raises NotFound."""
        try:
            company = await self.store.find(CompanyId(UUID(company_id)))
        except ValueError:
            company = None
        if company is None:
            raise NotFound("There is no company with this id.")
        return company

    async def approve(self, company_id: str) -> Company:
        """Let a pending company in. Raises NotFound, or Conflict for a suspended one."""
        return await self._change(company_id, Status.PENDING, Status.ACTIVE, COMPANY_APPROVED)

    async def suspend(self, company_id: str) -> Company:
        """Refuse an active company's tokens, launches and sessions. Raises NotFound, or Conflict for a pending one."""
        return await self._change(company_id, Status.ACTIVE, Status.SUSPENDED, COMPANY_SUSPENDED)

    async def resume(self, company_id: str) -> Company:
        """Let a suspended company in again. Raises NotFound, or Conflict for a pending one."""
        return await self._change(company_id, Status.SUSPENDED, Status.ACTIVE, COMPANY_RESUMED)

    async def _change(self, company_id: str, was: Status, status: Status, decided: EventType) -> Company:
        """Return the company as it is now; to decide the same twice is no fault, and no second event."""
        found, now = await self.find(company_id), self.clock()
        whose = {"company_id": found.company_id}
        async with refusals(self.audit, COMPANY_CHANGE_REFUSED, now, **whose), self.audit.unit_of_work():
            if await self.store.set_status(found.company_id, status, was=was):
                await self.audit.write(decided(now, **whose))
            company = await self.find(company_id)
            if company.status is not status:
                raise Conflict(f"The company is {company.status.value}: {_CURES[company.status]}.")
            return company
