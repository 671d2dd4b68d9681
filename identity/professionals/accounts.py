"""Accounts of professionals: found or made at a launch."""

import uuid
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from identity.professionals.matching import Candidates, decide
from schemas.claims import ProfInfo
from schemas.facts import Admission
from schemas.identifiers import AccountId, CompanyId


@dataclass(frozen=True, slots=True)
class Linked:
    """An account that somebody is linked to, and its AGB code if it has one."""

    account_id: AccountId
    agb: str | None


class AccountStore(Protocol):
    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        """Begin a transaction that the calls below join."""
        ...

    async def linked(self, company_id: CompanyId, sub: str) -> Linked | None:
        """Return the account that this company and `sub` are linked to."""
        ...

    async def first_launches_wait(self, company_id: CompanyId) -> None:
        """Let only one transaction at a time past here for each company, until it ends."""
        ...

    async def candidates(self, company_id: CompanyId, sub: str, info: ProfInfo) -> Candidates:
        """Return the accounts by AGB code, by names and e-mail address within the company, and those refused."""
        ...

    async def add(self, account_id: AccountId, info: ProfInfo, now: datetime) -> bool:
        """Keep a new account; return False, and keep none, if its AGB code is another's meanwhile."""
        ...

    async def link(self, company_id: CompanyId, sub: str, account_id: AccountId, now: datetime) -> None:
        """Link a company and `sub` to an account."""
        ...

    async def give_agb(self, account_id: AccountId, agb: str) -> None:
        """Give an account without an AGB code this one, if it is free; else do nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Professionals:
    """Admits professionals."""

    store: AccountStore

    async def admit(self, company_id: CompanyId, sub: str, info: ProfInfo, now: datetime) -> Admission:
        """Return the account a professional comes in on: linked, matched, made, or none while too little is known.

        Simultaneous first launches of one professional end in one account.
        """
        async with self.store.unit_of_work():
            admission = await self._linked(company_id, sub, info)
            if admission is None:
                await self.store.first_launches_wait(company_id)
                admission = await self._linked(company_id, sub, info)
            return admission or await self._first(company_id, sub, info, now)

    async def register(self, company_id: CompanyId, sub: str, info: ProfInfo, now: datetime) -> AccountId:
        """Return the account of this company and `sub`: the one that is linked, or a new one with this information.

        Nobody is matched here: what people say of themselves on a form must not lead to another's account.
        """
        async with self.store.unit_of_work():
            await self.store.first_launches_wait(company_id)
            linked = await self.store.linked(company_id, sub)
            if linked is not None:
                return linked.account_id
            account_id = AccountId(uuid.uuid4())
            if not await self.store.add(account_id, info, now):  # the AGB code is another's meanwhile
                await self.store.add(account_id, info.model_copy(update={"agb": None}), now)
            await self.store.link(company_id, sub, account_id, now)
            return account_id

    async def _linked(self, company_id: CompanyId, sub: str, info: ProfInfo) -> Admission | None:
        linked = await self.store.linked(company_id, sub)
        if linked is None:
            return None
        if info.agb is not None and linked.agb is None:
            await self.store.give_agb(linked.account_id, info.agb)
        return Admission(linked.account_id, "linked")

    async def _first(self, company_id: CompanyId, sub: str, info: ProfInfo, now: datetime) -> Admission:
        new_account = AccountId(uuid.uuid4())
        admission = decide(await self.store.candidates(company_id, sub, info), info, new_account)
        if admission.status == "created" and not await self.store.add(new_account, info, now):
            # The AGB code is another account's: of one that another company's launch has just made, and then there is
            # a match now; or of one that this company refused for this `sub`, and then the code stays where it is.
            admission = decide(await self.store.candidates(company_id, sub, info), info, new_account)
            if admission.status == "created":
                await self.store.add(new_account, info.model_copy(update={"agb": None}), now)
        if admission.account_id is not None:
            await self.store.link(company_id, sub, admission.account_id, now)
            if admission.status == "matched" and info.agb is not None:
                await self.store.give_agb(admission.account_id, info.agb)
        return admission
