"""The keys in the database: ours sealed, partners' public."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from common.errors import KeyRejected
from common.sql import IDENTITY, Database, UtcDateTime
from common.store.statements import Keyed
from keys.partners import MAX_KEYS, PartnerKey
from keys.ring import Purpose, SealedKey
from keys.schedule import Planned
from schemas.identifiers import CompanyId

signing_keys = Table(
    "signing_keys",
    IDENTITY,
    Column("kid", String(43), primary_key=True),
    Column("purpose", String(8), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("published_from", UtcDateTime, nullable=False),
    Column("signs_from", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    UniqueConstraint("purpose", "generation"),
)

company_keys = Table(
    "company_keys",
    IDENTITY,
    Column("kid", String(43), primary_key=True),
    Column("company_id", Uuid, ForeignKey("companies.company_id"), nullable=False),
    # An uploaded key occupies one of the company's places, a revoked one none: so races never end in too many.
    Column("place", Integer, CheckConstraint(f"place >= 1 AND place <= {MAX_KEYS}", name="ck_company_keys_place")),
    Column("kty", String(3), nullable=False),
    Column("alg", String(7), nullable=False),
    Column("jwk", Text, nullable=False),
    Column("label", String(255)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("published_as", String(255)),  # its name in the company's key set, if it is there (`keys/key_sets`)
    UniqueConstraint("company_id", "place"),
)
COUNTS: Final = company_keys.c.place.is_not(None) | company_keys.c.published_as.is_not(None)
"""Beside that it is not revoked. A key that has left its company's set and is nowhere else is withdrawn: it counts no
longer, and is still that company's, so that it can be revoked and nobody else takes it."""
_BY_PURPOSE = Keyed(select(signing_keys).order_by(signing_keys.c.generation.desc()), signing_keys.c.purpose)
_CURRENT = Keyed(
    select(company_keys)
    .where(company_keys.c.revoked_at.is_(None), COUNTS)
    .order_by(company_keys.c.created_at, company_keys.c.kid),
    company_keys.c.company_id,
)


@dataclass(frozen=True, slots=True)
class SqlSigningKeys:
    """SigningKeyStore on a database."""

    database: Database

    async def all(self, purpose: Purpose) -> Sequence[SealedKey]:
        return [_sealed_key(purpose, row) for row in await self.database.find(_BY_PURPOSE, purpose.value)]

    async def append(self, key: SealedKey) -> bool:
        values = {"kid": key.kid, "purpose": key.purpose.value, "sealed": key.sealed, **asdict(key.plan)}
        insert = self.database.insert(signing_keys).values(values).on_conflict_do_nothing()
        async with self.database.transaction() as connection:
            return bool((await connection.execute(insert)).rowcount)

    async def withdraw(self, kid: str, now: datetime) -> bool:
        this = (signing_keys.c.kid == kid, signing_keys.c.withdrawn_at.is_(None))
        async with self.database.transaction() as connection:
            changed = await connection.execute(update(signing_keys).where(*this).values(withdrawn_at=now))
        return bool(changed.rowcount)


def _sealed_key(purpose: Purpose, row: Row[Any]) -> SealedKey:
    plan = Planned(row.generation, row.published_from, row.signs_from, row.withdrawn_at)
    return SealedKey(row.kid, purpose, plan, row.sealed)


@dataclass(frozen=True, slots=True)
class SqlPartnerKeys:
    """PartnerKeyStore on a database."""

    database: Database

    async def add(self, key: PartnerKey) -> tuple[PartnerKey, bool]:
        async with self.database.transaction() as connection:
            while True:
                row = (await connection.execute(select(company_keys).where(company_keys.c.kid == key.kid))).first()
                if row is not None:
                    kept = _same(row, key)
                    if kept.uploaded:
                        return kept, False
                    gone = (await connection.execute(_take_out(key))).first()
                    if gone is None:
                        continue  # it was revoked, uploaded or freed since it was read
                    key = replace(key, published_as=gone.published_as)  # if it has a name there, it is both from now on
                place = await self._free_place(connection, key.company_id)
                if await self._insert(connection, key, place):
                    return key, True

    async def _free_place(self, connection: AsyncConnection, company_id: CompanyId) -> int:
        taken = await connection.scalars(
            select(company_keys.c.place).where(
                company_keys.c.company_id == company_id, company_keys.c.place.is_not(None)
            )
        )
        free = set(range(1, MAX_KEYS + 1)) - set(taken)
        if not free:
            raise KeyRejected("too_many", f"A company has at most {MAX_KEYS} keys: revoke one first.")
        return min(free)

    async def _insert(self, connection: AsyncConnection, key: PartnerKey, place: int) -> bool:
        insert = self.database.insert(company_keys).values(_values(key) | {"place": place}).on_conflict_do_nothing()
        return bool((await connection.execute(insert)).rowcount)

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        return [_key(row) for row in await self.database.find(_CURRENT, company_id)]

    async def find(self, kid: str) -> PartnerKey | None:
        query = select(company_keys).where(company_keys.c.kid == kid, company_keys.c.place.is_not(None))
        async with self.database.read() as connection:
            row = (await connection.execute(query)).first()
        return _key(row) if row else None

    async def revoke(self, company_id: CompanyId, kid: str, now: datetime) -> bool:
        current = (
            company_keys.c.kid == kid,
            company_keys.c.company_id == company_id,
            company_keys.c.revoked_at.is_(None),
        )
        async with self.database.transaction() as connection:
            done = await connection.execute(update(company_keys).where(*current).values(_revoked(now)))
        return bool(done.rowcount)

    async def revoke_exposed(self, key: PartnerKey, now: datetime) -> bool:
        insert = self.database.insert(company_keys).values(_values(key) | _revoked(now))
        theirs = (company_keys.c.company_id == key.company_id) & company_keys.c.revoked_at.is_(None)
        change = insert.on_conflict_do_update(index_elements=["kid"], set_=_revoked(now), where=theirs)
        async with self.database.transaction() as connection:
            return bool((await connection.execute(change)).rowcount)


def _values(key: PartnerKey) -> dict[str, object]:
    return {
        "kid": key.kid,
        "company_id": key.company_id,
        "kty": key.kty,
        "alg": key.alg,
        "jwk": key.jwk,
        "label": key.label,
        "created_at": key.created_at,
        "published_as": key.published_as,
    }


def _revoked(now: datetime) -> dict[str, object]:
    return {"place": None, "published_as": None, "revoked_at": now}


def _take_out(key: PartnerKey) -> Any:  # noqa: ANN401 - the library's own
    """Delete the row of a key that its company published, if it is still no more than that."""
    published = (
        company_keys.c.kid == key.kid,
        company_keys.c.company_id == key.company_id,
        company_keys.c.place.is_(None),
        company_keys.c.revoked_at.is_(None),
    )
    return delete(company_keys).where(*published).returning(company_keys.c.published_as)


def _key(row: Row[Any]) -> PartnerKey:
    return PartnerKey(
        kid=row.kid,
        company_id=CompanyId(row.company_id),
        kty=row.kty,
        alg=row.alg,
        jwk=row.jwk,
        label=row.label,
        created_at=row.created_at,
        uploaded=row.place is not None,
        published_as=row.published_as,
    )


def _same(row: Row[Any], key: PartnerKey) -> PartnerKey:
    if row.company_id != key.company_id:
        raise KeyRejected("another_company", "This key belongs to another company: make a key of your own.")
    if row.revoked_at is not None:
        raise KeyRejected("revoked", "This key was revoked before, and can not come back: make a new one.")
    if row.alg != key.alg and (row.place, row.published_as) != (None, None):
        raise KeyRejected("alg", f"This key is registered for {row.alg}: revoke it, or keep that algorithm.")
    return _key(row)
