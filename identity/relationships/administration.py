"""What a company may do with its treatment relationships: see them, and end one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.audit.catalogue import (
    RELATIONSHIP_ENDED,
    RELATIONSHIP_NOT_ENDED,
    RELATIONSHIP_SHOWN,
    RELATIONSHIP_WITHHELD,
    RELATIONSHIPS_LISTED,
)
from common.audit.events import AuditLog
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import NotFound
from common.page import cut
from schemas.facts import Relationship
from schemas.identifiers import CompanyId

Dated = tuple[Relationship, datetime]
"""A relationship, and when it was made."""


class AdministrationStore(Protocol):
    async def find(self, company_id: CompanyId, external_id: str) -> Dated | None:
        """Return the company's relationship of this name."""
        ...

    async def page(self, company_id: CompanyId, after: str, limit: int) -> Sequence[Dated]:
        """Return at most `limit` relationships of the company, in the order of their names, from behind `after` on."""
        ...

    async def end(self, company_id: CompanyId, external_id: str) -> Relationship | None:
        """Remove a relationship with its members, when no launch holds it; return it, None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Administration:
    """The treatment relationships of each company. Of another's is said what is said of none."""

    store: AdministrationStore
    audit: AuditLog
    clock: Clock

    async def page(self, company_id: CompanyId, after: str, limit: int) -> tuple[Sequence[Dated], str | None]:
        """Return the next relationships, and the name to go on behind; None when there are no more."""
        shown, last = cut(await self.store.page(company_id, after, limit + 1), limit)
        await self.audit.write(RELATIONSHIPS_LISTED(self.clock(), company_id=company_id, count=len(shown)))
        return shown, last[0].external_id if last else None

    async def show(self, company_id: CompanyId, external_id: str | None) -> Dated:
        """Return a relationship. Raises NotFound; None is the name of none."""
        found, now = await self.store.find(company_id, external_id) if external_id is not None else None, self.clock()
        async with refusals(self.audit, RELATIONSHIP_WITHHELD, now, company_id=company_id):
            if found is None:
                raise _not_found()
        await self.audit.write(RELATIONSHIP_SHOWN(now, company_id=company_id, **_of(found[0])))
        return found

    async def end(self, company_id: CompanyId, external_id: str | None) -> None:
        """End a relationship, and with it what its launches opened; its name is free for a new one.

        Raises NotFound; None is the name of none.
        """
        now = self.clock()
        async with (
            refusals(self.audit, RELATIONSHIP_NOT_ENDED, now, company_id=company_id),
            self.audit.unit_of_work(),
        ):
            ended = await self.store.end(company_id, external_id) if external_id is not None else None
            if ended is None:
                raise _not_found()
            await self.audit.write(RELATIONSHIP_ENDED(now, company_id=company_id, **_of(ended)))


def _of(relationship: Relationship) -> dict[str, object]:
    return {"relationship_id": relationship.relationship_id, "pseudoniem": relationship.pseudoniem}


def _not_found() -> NotFound:
    return NotFound("There is no such treatment relationship.")
