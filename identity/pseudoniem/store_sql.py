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

from common.sql import PSEUDONIEM, Database, UtcDateTime
from common.store.statements import Keyed
from identity.pseudoniem.versions import Version, key_is_retired
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

BY_DIGEST = Keyed(select(pseudoniemen), pseudoniemen.c.key_version, pseudoniemen.c.digest)
_KEY = tuple_(pseudoniemen.c.key_version, pseudoniemen.c.digest)


@dataclass(frozen=True, slots=True)
class SqlPseudoniemen:
    """`PseudoniemStore`, `VersionStore` and `RekeyStore` on a database."""

    database: Database

    async def find_many(self, digests: Collection[tuple[int, bytes]]) -> Mapping[tuple[int, bytes], Pseudoniem]:
        found = await self.database.find_all(BY_DIGEST, list(digests))
        rows = [row for rows in found.values() for row in rows]
        return {(row.key_version, row.digest): Pseudoniem(row.pseudoniem) for row in rows}

    async def make(self, digests: Mapping[int, bytes], pseudoniem: Pseudoniem) -> Pseudoniem:
        # A share of the versions is held to the end: none is retired between this look at them and these rows.
        counting = select(digest_keys.c.version).where(digest_keys.c.retired_at.is_(None)).with_for_update(read=True)
        async with self.database.transaction() as connection:
            versions = sorted(await connection.scalars(counting))
            if not versions or versions[0] not in digests:
                raise key_is_retired()
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

    async def deciding(self) -> int:
        counting = select(func.min(digest_keys.c.version)).where(digest_keys.c.retired_at.is_(None))
        async with self.database.read() as connection:
            return await connection.scalar(counting) or 0

    async def without(self, old: int, new: int, limit: int) -> Mapping[bytes, Pseudoniem]:
        query = select(pseudoniemen.c.digest, pseudoniemen.c.pseudoniem)
        query = query.where(pseudoniemen.c.key_version == old, _has_none(new)).limit(limit)
        async with self.database.read() as connection:
            return {bytes(row.digest): Pseudoniem(row.pseudoniem) for row in await connection.execute(query)}

    async def add(self, old: int, new: int, digests: Mapping[bytes, bytes]) -> None:
        # Of who has been erased meanwhile nothing is written: the old rows are held to the end.
        held = select(pseudoniemen.c.digest, pseudoniemen.c.pseudoniem).with_for_update(read=True)
        held = held.where(pseudoniemen.c.key_version == old, pseudoniemen.c.digest.in_(list(digests)))
        async with self.database.transaction() as connection:
            rows = [
                {"key_version": new, "digest": digests[bytes(row.digest)], "pseudoniem": row.pseudoniem}
                for row in await connection.execute(held)
            ]
            if rows:
                await connection.execute(self.database.insert(pseudoniemen).on_conflict_do_nothing(), rows)

    async def lacking(self, new: int) -> int:
        lacking = select(func.count()).select_from(pseudoniemen)
        async with self.database.read() as connection:
            return await connection.scalar(lacking.where(pseudoniemen.c.key_version < new, _has_none(new))) or 0

    async def retire(self, new: int, now: datetime) -> int:
        older = (digest_keys.c.version < new, digest_keys.c.retired_at.is_(None))
        async with self.database.transaction() as connection:
            await connection.execute(select(digest_keys).where(*older).with_for_update())  # nobody makes one meanwhile
            left = await self.lacking(new)
            if not left:
                await connection.execute(update(digest_keys).where(*older).values(retired_at=now))
        return left

    async def forget(self, new: int, limit: int) -> int:
        some = select(pseudoniemen.c.key_version, pseudoniemen.c.digest)
        some = some.where(pseudoniemen.c.key_version < new).limit(limit)
        async with self.database.transaction() as connection:
            return (await connection.execute(delete(pseudoniemen).where(_KEY.in_(some)))).rowcount


def _has_none(new: int) -> ColumnElement[bool]:
    newer = pseudoniemen.alias("newer")
    there = select(newer.c.digest).where(newer.c.pseudoniem == pseudoniemen.c.pseudoniem, newer.c.key_version == new)
    return ~there.exists()
