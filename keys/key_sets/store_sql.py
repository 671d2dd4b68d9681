"""Key sets in the identity database: so every process knows them, and of all one at a time reads a set."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    Text,
    Uuid,
    column,
    delete,
    exists,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from common.errors import Unavailable
from common.sql import IDENTITY, Database, UtcDateTime
from keys.key_sets.choice import Known
from keys.key_sets.document import NamedKey, Skipped
from keys.key_sets.location import MAX_URI
from keys.key_sets.model import Change, KeySet
from keys.partners import kept_form
from keys.store_sql import COUNTS, company_keys
from schemas.identifiers import CompanyId

key_sets = Table(
    "company_key_sets",
    IDENTITY,
    Column("company_id", Uuid, ForeignKey("companies.company_id"), primary_key=True),
    Column("uri", String(MAX_URI), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tried_at", UtcDateTime, nullable=False),
    # When it is to be read again. Whoever sets out to do so moves it on: that is the lease, and it ends by itself.
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("failure", String(16)),
    Column("skipped", Text, nullable=False),  # a JSON list of pairs: index and reason
)
_companies = table("companies", column("company_id", Uuid), column("status", String))
_ACTIVE: Final = exists().where(_companies.c.company_id == key_sets.c.company_id, _companies.c.status == "active")
"""Whose set it is takes part: nobody fetches for a company that an operator keeps out."""


@dataclass(frozen=True, slots=True)
class SqlKeySets:
    """`KeySetStore` on a database."""

    database: Database

    async def find(self, company_id: CompanyId) -> KeySet | None:
        async with self.database.read() as connection:
            return await _find(connection, company_id)

    async def put(self, company_id: CompanyId, uri: str, now: datetime, was: KeySet | None) -> KeySet | None:
        values = {"uri": uri, "tried_at": now, "due_at": now, "fetched_at": now, "failure": None, "skipped": "[]"}
        if was is None:
            insert = self.database.insert(key_sets).values(company_id=company_id, attempt=_first_attempt(), **values)
            change = insert.on_conflict_do_nothing()
        else:
            change = _same(was).values(attempt=key_sets.c.attempt + 1, **values)
        async with self.database.transaction() as connection:
            done = await connection.execute(change)
            return await _find(connection, company_id) if done.rowcount else None

    async def remove(self, company_id: CompanyId) -> bool:
        async with self.database.transaction() as connection:
            done = await connection.execute(delete(key_sets).where(key_sets.c.company_id == company_id))
        return bool(done.rowcount)

    async def due(self, now: datetime, most: int) -> Sequence[CompanyId]:
        waiting = select(key_sets.c.company_id).where(key_sets.c.due_at <= now, _ACTIVE)
        query = waiting.order_by(key_sets.c.due_at).limit(most)
        async with self.database.read() as connection:
            return [CompanyId(company_id) for company_id in await connection.scalars(query)]

    async def claim(self, company_id: CompanyId, now: datetime, until: datetime) -> KeySet | None:
        mine = update(key_sets).where(key_sets.c.company_id == company_id, key_sets.c.due_at <= now, _ACTIVE)
        values = {"due_at": until, "tried_at": now, "attempt": key_sets.c.attempt + 1}
        async with self.database.transaction() as connection:
            done = await connection.execute(mine.values(values))
            return await _find(connection, company_id) if done.rowcount else None

    async def hold(self, claimed: KeySet) -> bool:
        async with self.database.transaction() as connection:
            done = await connection.execute(_same(claimed).where(_ACTIVE).values(attempt=claimed.attempt))
        return bool(done.rowcount)

    async def hasten(self, company_id: CompanyId, now: datetime, unless_since: datetime) -> None:
        waiting = (
            key_sets.c.company_id == company_id, key_sets.c.due_at > now, key_sets.c.tried_at <= unless_since
        )  # fmt: skip
        async with self.database.read() as connection:  # first: most who ask ask in vain, and a write would queue
            row = (await connection.execute(select(key_sets.c.attempt).where(*waiting))).first()
        if row is not None:
            async with self.database.transaction() as connection:
                await connection.execute(update(key_sets).where(*waiting).values(due_at=now))

    async def known(self, thumbprints: Collection[str]) -> Mapping[str, Known]:
        query = select(company_keys).where(company_keys.c.kid.in_(thumbprints))
        async with self.database.read() as connection:
            return {row.kid: _known(row) for row in await connection.execute(query)}

    async def publish(self, company_id: CompanyId, keys: Sequence[NamedKey], now: datetime) -> Change:
        names = {one.key.kid: one.name for one in keys}
        published = (company_keys.c.company_id == company_id, company_keys.c.published_as.is_not(None))
        async with self.database.transaction() as connection:
            before = set(await connection.scalars(select(company_keys.c.kid).where(*published)))
            left = (*published, company_keys.c.kid.not_in(names))
            await connection.execute(update(company_keys).where(*left).values(published_as=None))
            for one in keys:
                await self._publish_one(connection, company_id, one, now)
        return Change(sorted(names.keys() - before), sorted(before - names.keys()))

    async def free(self, company_id: CompanyId) -> None:
        withdrawn = (company_keys.c.company_id == company_id, company_keys.c.revoked_at.is_(None), ~COUNTS)
        async with self.database.transaction() as connection:
            await connection.execute(delete(company_keys).where(*withdrawn))

    async def _publish_one(
        self, connection: AsyncConnection, company_id: CompanyId, one: NamedKey, now: datetime
    ) -> None:
        values = {
            "kid": one.key.kid,
            "company_id": company_id,
            "kty": one.key.kty,
            "alg": one.key.alg,
            "jwk": kept_form(one.key),
            "created_at": now,
        }
        insert = self.database.insert(company_keys).values(values | {"published_as": one.name})
        ours = (company_keys.c.company_id == company_id) & company_keys.c.revoked_at.is_(None)
        change = insert.on_conflict_do_update(
            index_elements=["kid"], set_={"published_as": one.name, "alg": one.key.alg}, where=ours
        )
        if not (await connection.execute(change)).rowcount:
            raise Unavailable("the database", private="a key was taken or revoked meanwhile")

    async def read(
        self, claimed: KeySet, failure: str | None, skipped: Sequence[Skipped], now: datetime, due: datetime
    ) -> None:
        values: dict[str, object] = {
            "failure": failure,
            "due_at": due,
            "skipped": json.dumps([[one.index, one.reason] for one in skipped]),
        }
        if failure is None:
            values["fetched_at"] = now
        async with self.database.transaction() as connection:
            await connection.execute(_same(claimed).values(values))


async def _find(connection: AsyncConnection, company_id: CompanyId) -> KeySet | None:
    row = (await connection.execute(select(key_sets).where(key_sets.c.company_id == company_id))).first()
    if row is None:
        return None
    skipped = [Skipped(index, reason) for index, reason in json.loads(row.skipped)]
    return KeySet(company_id, row.uri, row.attempt, row.fetched_at, row.failure, skipped)


def _first_attempt() -> int:
    """Anywhere: a set that was removed and put again must not come to a number that it had before."""
    return secrets.randbelow(2**30)


def _same(claimed: KeySet) -> Any:  # noqa: ANN401 - the library's own
    return update(key_sets).where(
        key_sets.c.company_id == claimed.company_id, key_sets.c.attempt == claimed.attempt
    )  # fmt: skip


def _known(row: Row[Any]) -> Known:
    return Known(
        company_id=CompanyId(row.company_id),
        alg=row.alg,
        uploaded=row.place is not None,
        revoked=row.revoked_at is not None,
    )
