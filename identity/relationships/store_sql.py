"""Treatment relationships in the database."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    and_,
    case,
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from common.sql import IDENTITY, Database, UtcDateTime
from common.store.statements import BulkInsert, Keyed, Row, Write
from identity.relationships.administration import Dated
from schemas.facts import Relationship, RelationshipEnded
from schemas.identifiers import AccountId, CompanyId, Pseudoniem, RelationshipId

relationships = Table(
    "treatment_relationships",
    IDENTITY,
    Column("relationship_id", Uuid, primary_key=True),
    Column("company_id", Uuid, ForeignKey("companies.company_id"), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("pseudoniem", Uuid, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("company_id", "external_id"),
    Index(None, "pseudoniem", "company_id"),
)

members = Table(
    "treatment_relationship_members",
    IDENTITY,
    Column("relationship_id", Uuid, ForeignKey("treatment_relationships.relationship_id"), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.account_id"), primary_key=True),
    Column("joined_at", UtcDateTime, nullable=False),
)


NAMED = Keyed(select(relationships), relationships.c.company_id, relationships.c.external_id)
JOINED: Final = select(relationships, members.c.account_id).join(members)
"""The relationships of a professional with a patient."""
JOINED_BY: Final = (relationships.c.company_id, relationships.c.pseudoniem, members.c.account_id)
JOINED_LAST = Keyed(JOINED, *JOINED_BY, first=(members.c.joined_at.desc(), relationships.c.relationship_id))
_INSERT = insert(members)
_LATEST = case(
    (_INSERT.excluded.joined_at > members.c.joined_at, _INSERT.excluded.joined_at), else_=members.c.joined_at
)
_MEMBER: Final = ("relationship_id", "account_id")
_JOIN = BulkInsert(
    _INSERT.on_conflict_do_update(index_elements=_MEMBER, set_={"joined_at": _LATEST}),
    (*_MEMBER, "joined_at"),
    latest=(_MEMBER, "joined_at"),
)


@dataclass(frozen=True, slots=True)
class SqlRelationships:
    """`RelationshipStore` on a database."""

    database: Database

    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        return self.database.unit_of_work()

    async def find(self, company_id: CompanyId, external_id: str) -> Relationship | None:
        rows = await self.database.find(NAMED, company_id, external_id)
        return _relationship(rows[0]) if rows else None

    async def joined_last(
        self, company_id: CompanyId, account_id: AccountId, pseudoniem: Pseudoniem
    ) -> Relationship | None:
        rows = await self.database.find(JOINED_LAST, company_id, pseudoniem, account_id)
        return _relationship(rows[0]) if rows else None

    async def make(self, company_id: CompanyId, relationship: Relationship, now: datetime) -> Relationship:
        values = {
            "relationship_id": relationship.relationship_id,
            "company_id": company_id,
            "external_id": relationship.external_id,
            "pseudoniem": relationship.pseudoniem,
            "made_at": now,
        }
        async with self.database.transaction() as connection:
            await connection.execute(self.database.insert(relationships).values(values).on_conflict_do_nothing())
            winner = await self.find(company_id, relationship.external_id)
        return winner or relationship

    async def hold(self, relationship_id: RelationshipId) -> bool:
        this = relationships.c.relationship_id == relationship_id
        # KEY SHARE: as many launches as like hold one at once, and `end` waits for them. SQLite has one writer anyway.
        held = select(relationships.c.relationship_id).where(this).with_for_update(read=True, key_share=True)
        async with self.database.transaction() as connection:
            return await connection.scalar(held) is not None

    async def join(self, relationship_id: RelationshipId, account_id: AccountId, now: datetime) -> None:
        values = {"relationship_id": relationship_id, "account_id": account_id, "joined_at": now}
        await self.database.write(Write(_JOIN, [values], RelationshipEnded))


@dataclass(frozen=True, slots=True)
class SqlAdministration:
    """`AdministrationStore` on a database."""

    database: Database

    async def find(self, company_id: CompanyId, external_id: str) -> Dated | None:
        found = await self._where(_named(company_id, external_id), limit=1)
        return found[0] if found else None

    async def page(self, company_id: CompanyId, after: str, limit: int) -> Sequence[Dated]:
        behind = and_(relationships.c.company_id == company_id, relationships.c.external_id > after)
        return await self._where(behind, limit=limit)

    async def end(self, company_id: CompanyId, external_id: str) -> Relationship | None:
        named = select(relationships).where(_named(company_id, external_id))
        whose = members.c.relationship_id.in_(named.with_only_columns(relationships.c.relationship_id))
        async with self.database.transaction() as connection:
            # In the order in which launches take them, so that neither waits for the other for ever.
            await connection.execute(select(members).where(whose).order_by(*members.primary_key).with_for_update())
            row = (await connection.execute(named.with_for_update())).first()
            if row is None:
                return None
            for table in (members, relationships):
                await connection.execute(delete(table).where(table.c.relationship_id == row.relationship_id))
        return _relationship(row)

    async def _where(self, which: ColumnElement[bool], *, limit: int) -> list[Dated]:
        query = select(relationships).where(which).order_by(relationships.c.external_id).limit(limit)
        async with self.database.read() as connection:
            return [(_relationship(row), row.made_at) for row in await connection.execute(query)]


def _named(company_id: CompanyId, external_id: str) -> ColumnElement[bool]:
    return and_(relationships.c.company_id == company_id, relationships.c.external_id == external_id)


def _relationship(row: Row) -> Relationship:
    return Relationship(RelationshipId(row.relationship_id), row.external_id, Pseudoniem(row.pseudoniem))
