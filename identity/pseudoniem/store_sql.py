"""Pseudoniemen in the database: digests, never a BSN."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Column, Integer, LargeBinary, Table, Uuid, select

from common.sql import PSEUDONIEM, Database
from schemas.identifiers import Pseudoniem

digest_keys = Table(
    "digest_keys",
    PSEUDONIEM,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("check_value", LargeBinary(32), nullable=False),
)

pseudoniemen = Table(
    "pseudoniemen",
    PSEUDONIEM,
    Column("key_version", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("pseudoniem", Uuid, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SqlPseudoniemen:
    """`PseudoniemStore` on a database."""

    database: Database

    async def find(self, version: int, digest: bytes) -> Pseudoniem | None:
        query = select(pseudoniemen.c.pseudoniem).where(
            pseudoniemen.c.key_version == version, pseudoniemen.c.digest == digest
        )
        async with self.database.read() as connection:
            found = await connection.scalar(query)
        return Pseudoniem(found) if found else None

    async def find_many(self, version: int, digests: Collection[bytes]) -> Mapping[bytes, Pseudoniem]:
        query = select(pseudoniemen.c.digest, pseudoniemen.c.pseudoniem).where(
            pseudoniemen.c.key_version == version, pseudoniemen.c.digest.in_(digests)
        )
        async with self.database.read() as connection:
            return {bytes(row.digest): Pseudoniem(row.pseudoniem) for row in await connection.execute(query)}

    async def make(self, version: int, digest: bytes, pseudoniem: Pseudoniem) -> Pseudoniem:
        values = {"key_version": version, "digest": digest, "pseudoniem": pseudoniem}
        async with self.database.transaction() as connection:
            await connection.execute(self.database.insert(pseudoniemen).values(values).on_conflict_do_nothing())
            winner = await self.find(version, digest)
        return winner or pseudoniem

    async def check_value(self, version: int, value: bytes) -> bytes:
        values = {"version": version, "check_value": value}
        query = select(digest_keys.c.check_value).where(digest_keys.c.version == version)
        async with self.database.transaction() as connection:
            await connection.execute(self.database.insert(digest_keys).values(values).on_conflict_do_nothing())
            kept = await connection.scalar(query)
        return bytes(kept or b"")
