"""Pseudoniemen in the database: digests, never a BSN."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    Table,
    Uuid,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from common.errors import Unavailable
from common.sql import PSEUDONIEM, Database, UtcDateTime
from identity.pseudoniem.versions import Version
from schemas.identifiers import Pseudoniem

digest_keys = Table(
    "digest_keys",
    PSEUDONIEM,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("check_value", LargeBinary(32), nullable=False),
    Column("retired_at", UtcDateTime),
)

pseudoniemen = Table(
    "pseudoniemen",
    PSEUDONIEM,
    Column("key_version", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("pseudoniem", Uuid, nullable=False),
    Index("ix_pseudoniemen_pseudoniem", "pseudoniem", "key_version"),
)

_KEY = tuple_(pseudoniemen.c.key_version, pseudoniemen.c.digest)


@dataclass(frozen=True, slots=True)
class SqlPseudoniemen:
    """`PseudoniemStore`, `VersionStore` and `RekeyStore` on a database."""

    database: Database

    async def find_many(self, digests: Collection[tuple[int, bytes]]) -> Mapping[tuple[int, bytes], Pseudoniem]:
        query = select(pseudoniemen).where(_KEY.in_(list(digests)))
        async with self.database.read() as connection:
            rows = await connection.execute(query)
            return {(row.key_version, bytes(row.digest)): Pseudoniem(row.pseudoniem) for row in rows}

    async def make(self, digests: Mapping[int, bytes], pseudoniem: Pseudoniem) -> Pseudoniem:
        # A share of the versions is held to the end: none is retired between this look at them and these rows.
        counting = select(digest_keys.c.version).where(digest_keys.c.retired_at.is_(None)).with_for_update(read=True)
        async with self.database.transaction() as connection:
            versions = sorted(await connection.scalars(counting))
            if not versions or versions[0] not in digests:
                raise Unavailable("the register of pseudoniemen", private="the digest key of this process is retired")
            for version in versions:
                if version in digests:
                    pseudoniem = await self._kept(connection, version, digests[version], pseudoniem)
        return pseudoniem

    async def _kept(self, connection: AsyncConnection, version: int, digest: bytes, new: Pseudoniem) -> Pseudoniem:
        """Keep a row if there is none, and return whose it is then."""
        values = {"key_version": version, "digest": digest, "pseudoniem": new}
        await connection.execute(self.database.insert(pseudoniemen).values(values).on_conflict_do_nothing())
        this = (pseudoniemen.c.key_version == version, pseudoniemen.c.digest == digest)
        return Pseudoniem((await connection.execute(select(pseudoniemen.c.pseudoniem).where(*this))).scalar_one())

    async def versions(self) -> Sequence[Version]:
        async with self.database.read() as connection:
            rows = await connection.execute(select(digest_keys).order_by(digest_keys.c.version))
            return [Version(row.version, bytes(row.check_value), row.retired_at is not None) for row in rows]

    async def add_version(self, number: int, check_value: bytes) -> None:
        values = {"version": number, "check_value": check_value}
        async with self.database.transaction() as connection:
            await connection.execute(self.database.insert(digest_keys).values(values).on_conflict_do_nothing())

    async def without(self, old: int, new: int, limit: int) -> Mapping[bytes, Pseudoniem]:
        """Return at most `limit` digests of the old version whose pseudoniem has no row of the new one."""
        query = select(pseudoniemen.c.digest, pseudoniemen.c.pseudoniem).where(*_lacking(old, new)).limit(limit)
        async with self.database.read() as connection:
            return {bytes(row.digest): Pseudoniem(row.pseudoniem) for row in await connection.execute(query)}

    async def add(self, version: int, found: Mapping[bytes, Pseudoniem]) -> None:
        """Keep rows of a version; those that are there stay."""
        rows = [{"key_version": version, "digest": digest, "pseudoniem": one} for digest, one in found.items()]
        async with self.database.transaction() as connection:
            await connection.execute(self.database.insert(pseudoniemen).on_conflict_do_nothing(), rows)

    async def retire(self, old: int, new: int, now: datetime) -> int:
        """Retire the old version if every person has a row of the new one; return how many have none."""
        this = digest_keys.c.version == old
        async with self.database.transaction() as connection:
            await connection.execute(select(digest_keys).where(this).with_for_update())  # nobody makes one meanwhile
            lacking = select(func.count()).select_from(pseudoniemen).where(*_lacking(old, new))
            left = (await connection.execute(lacking)).scalar_one()
            if not left:
                first = update(digest_keys).where(this, digest_keys.c.retired_at.is_(None))
                await connection.execute(first.values(retired_at=now))
        return left

    async def forget(self, version: int, limit: int) -> int:
        """Remove at most `limit` rows of a retired version; return how many that were."""
        some = select(pseudoniemen.c.digest).where(pseudoniemen.c.key_version == version).limit(limit)
        these = (pseudoniemen.c.key_version == version, pseudoniemen.c.digest.in_(some.scalar_subquery()))
        async with self.database.transaction() as connection:
            return (await connection.execute(delete(pseudoniemen).where(*these))).rowcount


def _lacking(old: int, new: int) -> tuple[ColumnElement[bool], ...]:
    newer = pseudoniemen.alias("newer")
    there = select(newer.c.digest).where(newer.c.pseudoniem == pseudoniemen.c.pseudoniem, newer.c.key_version == new)
    return (pseudoniemen.c.key_version == old, ~there.exists())
