"""Treatment relationships in the database."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Row, Select, String, Table, UniqueConstraint, Uuid, select

from common.sql import IDENTITY, Database, UtcDateTime
from schemas.facts import Relationship
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
)

members = Table(
    "treatment_relationship_members",
    IDENTITY,
    Column("relationship_id", Uuid, ForeignKey("treatment_relationships.relationship_id"), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.account_id"), primary_key=True),
    Column("joined_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SqlRelationships:
    """`RelationshipStore` on a database."""

    database: Database

    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        return self.database.transaction()

    async def find(self, company_id: CompanyId, external_id: str) -> Relationship | None:
        return await self._first(
            select(relationships).where(
                relationships.c.company_id == company_id, relationships.c.external_id == external_id
            )
        )

    async def joined_last(
        self, company_id: CompanyId, account_id: AccountId, pseudoniem: Pseudoniem
    ) -> Relationship | None:
        return await self._first(
            select(relationships)
            .join(members)
            .where(
                relationships.c.company_id == company_id,
                relationships.c.pseudoniem == pseudoniem,
                members.c.account_id == account_id,
            )
            .order_by(members.c.joined_at.desc(), relationships.c.relationship_id)
            .limit(1)
        )

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

    async def join(self, relationship_id: RelationshipId, account_id: AccountId, now: datetime) -> None:
        values = {"relationship_id": relationship_id, "account_id": account_id, "joined_at": now}
        insert = self.database.insert(members).values(values)
        again = insert.on_conflict_do_update(index_elements=["relationship_id", "account_id"], set_={"joined_at": now})
        async with self.database.transaction() as connection:
            await connection.execute(again)

    async def _first(self, query: Select[Any]) -> Relationship | None:
        async with self.database.read() as connection:
            row: Row[Any] | None = (await connection.execute(query)).first()
        if row is None:
            return None
        return Relationship(RelationshipId(row.relationship_id), row.external_id, Pseudoniem(row.pseudoniem))
