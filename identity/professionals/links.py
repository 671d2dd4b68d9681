"""The links between a company's names for its professionals and their accounts: seen, and undone where one is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.audit.catalogue import PROFESSIONAL_NOT_UNLINKED, PROFESSIONAL_UNLINKED, PROFESSIONALS_LISTED
from common.audit.events import AuditLog
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import NotFound
from common.page import cut
from schemas.identifiers import AccountId, CompanyId


@dataclass(frozen=True, slots=True)
class Link:
    """A company's name for a professional, and the account that it leads to."""

    sub: str
    account_id: AccountId
    linked_at: datetime


class LinkStore(Protocol):
    async def page(self, company_id: CompanyId, after: str, limit: int) -> Sequence[Link]:
        """Return at most `limit` links of the company, in the order of `sub`, from behind `after` on."""
        ...

    async def refuse(self, company_id: CompanyId, sub: str, now: datetime) -> AccountId | None:
        """Remove a link and keep that it was refused; return the account that it led to, None if there is no link."""
        ...


@dataclass(frozen=True, slots=True)
class Links:
    """The links of all companies, each seen from its own."""

    store: LinkStore
    audit: AuditLog
    clock: Clock

    async def page(self, company_id: CompanyId, after: str, limit: int) -> tuple[Sequence[Link], str | None]:
        """Return the next links of the company, and the `sub` to go on behind; None when there are no more."""
        shown, last = cut(await self.store.page(company_id, after, limit + 1), limit)
        await self.audit.write(PROFESSIONALS_LISTED(self.clock(), company_id=company_id, count=len(shown)))
        return shown, last.sub if last else None

    async def undo(self, company_id: CompanyId, sub: str | None) -> None:
        """Undo a link, and never make it again: the next launch of this `sub` is matched with another account.

        What the launches of this link opened is over with it. Raises NotFound; None names nobody.
        """
        now = self.clock()
        async with (
            refusals(self.audit, PROFESSIONAL_NOT_UNLINKED, now, company_id=company_id),
            self.audit.unit_of_work(),
        ):
            account_id = await self.store.refuse(company_id, sub, now) if sub is not None else None
            if account_id is None:
                raise NotFound("There is no such professional.")
            await self.audit.write(PROFESSIONAL_UNLINKED(now, company_id=company_id, account_id=account_id))
