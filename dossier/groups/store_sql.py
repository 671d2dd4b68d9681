"""Groups in the database, their names sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Row, Table, Uuid, func, select

from common.sql import DOSSIER, Database
from dossier.access import Reach
from dossier.groups.model import Group
from keys.sealing import Sealer
from schemas.identifiers import CompanyId, GroupId

dossier_groups = Table(
    "dossier_groups",
    DOSSIER,
    Column("group_id", Uuid, primary_key=True),
    Column("company_id", Uuid, nullable=False),
    Column("sealed_name", LargeBinary, nullable=False),
    Index(None, "company_id", "group_id"),
)

_NAME: Final = "dossier_groups.sealed_name"


@dataclass(frozen=True, slots=True)
class SqlGroups:
    """`GroupStore` on a database."""

    database: Database
    sealer: Sealer

    async def add(self, group: Group) -> None:
        sealed = self.sealer.seal(group.name, _NAME, group.group_id)
        values = {"group_id": group.group_id, "company_id": group.company_id, "sealed_name": sealed}
        async with self.database.transaction() as connection:
            await connection.execute(dossier_groups.insert().values(values))

    async def find(self, group_id: GroupId) -> Group | None:
        async with self.database.read() as connection:
            row = (
                await connection.execute(select(dossier_groups).where(dossier_groups.c.group_id == group_id))
            ).first()
        return self._group(row) if row else None

    async def page(self, within: Reach, after: UUID | None, limit: int) -> Sequence[Group]:
        query = select(dossier_groups).where(dossier_groups.c.company_id == within.company_id)
        query = query.order_by(dossier_groups.c.group_id).limit(limit)
        if after is not None:
            query = query.where(dossier_groups.c.group_id > after)
        async with self.database.read() as connection:
            rows = await connection.execute(query)
        return [self._group(row) for row in rows]

    async def has_foreign_key(self) -> bool:
        foreign = func.substr(dossier_groups.c.sealed_name, 1, 4).not_in(self.sealer.key_ids)
        async with self.database.read() as connection:
            return await connection.scalar(select(dossier_groups.c.group_id).where(foreign).limit(1)) is not None

    def _group(self, row: Row[Any]) -> Group:
        name = self.sealer.open(row.sealed_name, _NAME, row.group_id)
        return Group(GroupId(row.group_id), CompanyId(row.company_id), name)
