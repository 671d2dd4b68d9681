"""Accounts in the database: names and e-mail addresses sealed, found again by keyed digest."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Uuid,
    delete,
    exc,
    func,
    select,
    text,
    update,
)

from common.sql import IDENTITY, Database, UtcDateTime
from common.store.statements import Keyed
from identity.companies.store_sql import companies
from identity.professionals.accounts import Linked
from identity.professionals.links import Link
from identity.professionals.matching import Candidates, Named, compared, complete
from keys.sealing import Sealer
from schemas.claims import ProfInfo
from schemas.identifiers import AccountId, CompanyId

_HAS_AGB = text("agb IS NOT NULL")

accounts = Table(
    "accounts",
    IDENTITY,
    Column("account_id", Uuid, primary_key=True),
    Column("agb", String(8)),
    Column("sealed_firstname", LargeBinary, nullable=False),
    Column("sealed_lastname", LargeBinary, nullable=False),
    Column("sealed_email", LargeBinary, nullable=False),
    # Of e-mail address and both names together, folded. Not unique: companies do not see each other's accounts.
    Column("name_digest", LargeBinary(32), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    # A partial index: no foreign key can use it, so on PostgreSQL giving a code does not lock the row against those who
    # merely refer to it. Under a full one, launches of one professional ended in deadlocks.
    Index("uq_accounts_agb", "agb", unique=True, postgresql_where=_HAS_AGB, sqlite_where=_HAS_AGB),
)

account_links = Table(
    "account_links",
    IDENTITY,
    Column("company_id", Uuid, ForeignKey("companies.company_id"), primary_key=True),
    Column("sub", String(255), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("linked_at", UtcDateTime, nullable=False),
)

refused_links = Table(
    "refused_links",
    IDENTITY,
    Column("company_id", Uuid, ForeignKey("companies.company_id"), primary_key=True),
    Column("sub", String(255), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.account_id"), primary_key=True),
    Column("refused_at", UtcDateTime, nullable=False),
)

_LINKED = Keyed(select(account_links, accounts.c.agb).join(accounts), account_links.c.company_id, account_links.c.sub)

NAMES = "accounts.name_digest"
"""What the digest of names and e-mail address is keyed for."""


@dataclass(frozen=True, slots=True)
class SqlAccounts:
    """`AccountStore` on a database."""

    database: Database
    sealer: Sealer

    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        return self.database.unit_of_work()

    async def linked(self, company_id: CompanyId, sub: str) -> Linked | None:
        for row in await self.database.find(_LINKED, company_id, sub):
            return Linked(AccountId(row.account_id), row.agb)
        return None

    async def first_launches_wait(self, company_id: CompanyId) -> None:
        await _first_launches_wait(self.database, company_id)

    async def candidates(self, company_id: CompanyId, sub: str, info: ProfInfo) -> Candidates:
        by_agb = select(accounts.c.account_id).where(accounts.c.agb == info.agb)
        by_name = (
            select(accounts.c.account_id, accounts.c.agb)
            .join(account_links)
            .where(
                account_links.c.company_id == company_id,
                accounts.c.name_digest.in_(self.sealer.digests(NAMES, *compared(info))),
            )
            .group_by(accounts.c.account_id, accounts.c.agb)
            .order_by(func.min(account_links.c.linked_at), accounts.c.account_id)
        )
        refused = select(refused_links.c.account_id).where(
            refused_links.c.company_id == company_id, refused_links.c.sub == sub
        )
        async with self.database.read() as connection:
            agb = await connection.scalar(by_agb) if info.agb else None
            named = (await connection.execute(by_name)).all() if complete(info) else []
            refused_ids = (await connection.scalars(refused)).all()
        return Candidates(
            by_agb=AccountId(agb) if agb else None,
            by_name=[Named(AccountId(row.account_id), row.agb) for row in named],
            refused=frozenset(AccountId(account_id) for account_id in refused_ids),
        )

    async def add(self, account_id: AccountId, info: ProfInfo, now: datetime) -> bool:
        values = {
            "account_id": account_id,
            "agb": info.agb,
            "sealed_firstname": self._sealed("firstname", info.firstname, account_id),
            "sealed_lastname": self._sealed("lastname", info.lastname, account_id),
            "sealed_email": self._sealed("email", info.email, account_id),
            "name_digest": self.sealer.digest(NAMES, *compared(info)),
            "created_at": now,
        }
        async with self.database.transaction() as connection:
            added = await connection.execute(self.database.insert(accounts).values(values).on_conflict_do_nothing())
        return bool(added.rowcount)

    async def link(self, company_id: CompanyId, sub: str, account_id: AccountId, now: datetime) -> None:
        values = {"company_id": company_id, "sub": sub, "account_id": account_id, "linked_at": now}
        async with self.database.transaction() as connection:
            await connection.execute(account_links.insert().values(values))

    async def give_agb(self, account_id: AccountId, agb: str) -> None:
        without = (accounts.c.account_id == account_id, accounts.c.agb.is_(None))
        async with self.database.transaction() as connection:
            if await connection.scalar(select(accounts.c.account_id).where(*without)) is None:
                return
            try:
                async with connection.begin_nested():
                    await connection.execute(update(accounts).where(*without).values(agb=agb))
            except exc.IntegrityError:
                return  # the code is another account's: theirs it stays

    def _sealed(self, name: str, value: str | None, account_id: AccountId) -> bytes:
        return self.sealer.seal(value or "", f"accounts.sealed_{name}", account_id)


@dataclass(frozen=True, slots=True)
class SqlLinks:
    """`LinkStore` on a database."""

    database: Database

    async def page(self, company_id: CompanyId, after: str, limit: int) -> Sequence[Link]:
        query = (
            select(account_links)
            .where(account_links.c.company_id == company_id, account_links.c.sub > after)
            .order_by(account_links.c.sub)
            .limit(limit)
        )
        async with self.database.read() as connection:
            rows = await connection.execute(query)
            return [Link(row.sub, AccountId(row.account_id), row.linked_at) for row in rows]

    async def refuse(self, company_id: CompanyId, sub: str, now: datetime) -> AccountId | None:
        this = (account_links.c.company_id == company_id, account_links.c.sub == sub)
        async with self.database.transaction() as connection:
            await _first_launches_wait(self.database, company_id)
            account_id = await connection.scalar(select(account_links.c.account_id).where(*this))
            if account_id is None:
                return None
            await connection.execute(delete(account_links).where(*this))
            refused = {"company_id": company_id, "sub": sub, "account_id": account_id, "refused_at": now}
            await connection.execute(self.database.insert(refused_links).values(refused).on_conflict_do_nothing())
        return AccountId(account_id)


async def _first_launches_wait(database: Database, company_id: CompanyId) -> None:
    # NO KEY UPDATE: rows that merely refer to the company can still be written. SQLite has one writer anyway.
    lock = select(companies.c.company_id).where(companies.c.company_id == company_id)
    async with database.transaction() as connection:
        await connection.execute(lock.with_for_update(key_share=True))
