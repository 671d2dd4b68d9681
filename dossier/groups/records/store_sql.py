"""Dossiers of groups in the database: records sealed, words and external identifiers found by keyed digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    Select,
    Table,
    UniqueConstraint,
    Uuid,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    union_all,
    update,
)

from common.sql import DOSSIER, Database
from dossier.access import Reach
from dossier.groups.model import Asked, GroupDossier
from dossier.groups.records.digests import Digests
from dossier.groups.records.record import open_record, record_of
from dossier.groups.store_sql import dossier_groups
from keys.sealing import Sealer
from schemas.identifiers import CompanyId, GroupDossierId, GroupId, Pseudoniem

_IS_LINKED = text("pseudoniem IS NOT NULL")

group_dossiers = Table(
    "group_dossiers",
    DOSSIER,
    Column("dossier_id", Uuid, primary_key=True),
    Column("group_id", Uuid, ForeignKey("dossier_groups.group_id"), nullable=False),
    Column("company_id", Uuid, nullable=False),
    Column("pseudoniem", Uuid),
    Column("identifier_digest", LargeBinary(32)),
    Column("sealed_record", LargeBinary, nullable=False),
    UniqueConstraint("group_id", "identifier_digest"),
    Index(None, "company_id", "dossier_id"),
    Index(None, "group_id", "dossier_id"),
    Index(
        "ix_group_dossiers_linked", "pseudoniem", "company_id", "dossier_id",
        postgresql_where=_IS_LINKED, sqlite_where=_IS_LINKED,
    ),
)  # fmt: skip

name_words = Table(
    "group_dossier_words",
    DOSSIER,
    Column("dossier_id", Uuid, ForeignKey("group_dossiers.dossier_id", ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("group_id", Uuid, nullable=False),
    # A search of one word walks along one of these, in the order in which it is answered.
    Index(None, "digest", "dossier_id"),
    Index(None, "digest", "group_id", "dossier_id"),
)

_OFTEN: Final = 1_000
"""Beyond this it does not matter which of two words is the rarer one."""

_RECORD: Final = "group_dossiers.sealed_record"


@dataclass(frozen=True, slots=True)
class SqlGroupDossiers:
    """`GroupDossierStore` on a database."""

    database: Database
    sealer: Sealer

    async def is_taken(self, group_id: GroupId, external_identifier: str) -> bool:
        query = select(group_dossiers.c.dossier_id).where(*self._has_identifier(group_id, external_identifier))
        async with self.database.read() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def add(self, dossier: GroupDossier) -> bool:
        digests = Digests(self.sealer)
        values = {
            "dossier_id": dossier.dossier_id,
            "group_id": dossier.group_id,
            "company_id": dossier.company_id,
            "pseudoniem": dossier.pseudoniem,
            "identifier_digest": digests.of_identifier(dossier),
            "sealed_record": self.sealer.seal(record_of(dossier), _RECORD, dossier.dossier_id),
        }
        async with self.database.transaction() as connection:
            if await self._is_taken_under_another_key(dossier):
                return False
            added = await connection.execute(
                self.database.insert(group_dossiers).values(values).on_conflict_do_nothing()
            )
            words = _words(dossier, digests)
            if added.rowcount and words:
                await connection.execute(name_words.insert().values(words))
        return bool(added.rowcount)

    async def _is_taken_under_another_key(self, dossier: GroupDossier) -> bool:
        """Return whether an identifier is taken, where a unique constraint cannot tell: while the key is being changed.

        Of two processes one may seal with the old key and the other with the new one; so they follow each other.
        """
        if dossier.external_identifier is None or len(self.sealer.key_ids) == 1:
            return False
        lock = select(dossier_groups.c.group_id).where(dossier_groups.c.group_id == dossier.group_id)
        async with self.database.transaction() as connection:
            await connection.execute(lock.with_for_update(key_share=True))
            return await self.is_taken(dossier.group_id, dossier.external_identifier)

    async def page(self, within: Reach, asked: Asked, after: UUID | None, limit: int) -> Sequence[GroupDossier]:
        if within.patients is not None and not within.patients:
            return []
        digests = Digests(self.sealer)
        words = [digests.to_find_word(within.company_id, word) for word in sorted(asked.words)]
        async with self.database.read() as connection:
            if len(words) > 1:
                times = {row.number: row.times for row in await connection.execute(_times(words, asked.group_id))}
                if min(times.values()) == 0:
                    return []
                words = [words[number] for number in sorted(times, key=lambda number: (times[number], number))]
            rows = await connection.execute(self.query(within, asked, words, after, limit))
        return [self._dossier(row) for row in rows]

    def query(
        self, within: Reach, asked: Asked, words: Sequence[Sequence[bytes]], after: UUID | None, limit: int
    ) -> Select[Any]:
        """Return what `page` asks of the database: of dossiers with these words, each by its digests, the rarest first.

        A test looks at the plan that the database makes of it.
        """
        key = group_dossiers.c.dossier_id
        query = select(group_dossiers).where(group_dossiers.c.company_id == within.company_id)
        if asked.group_id is not None:
            query = query.where(group_dossiers.c.group_id == asked.group_id)
        if within.patients is not None:
            query = query.where(group_dossiers.c.pseudoniem.in_(within.patients))
        if asked.external_identifier is not None and asked.group_id is not None:
            query = query.where(*self._has_identifier(asked.group_id, asked.external_identifier))
        elif words and within.patients is None:
            # Whoever has many dossiers: the words alone say which ones come next, and no other is looked at.
            found = _paged(_with_words(words, asked.group_id), name_words.c.dossier_id, after, limit)
            return query.where(key.in_(found)).order_by(key)
        return _paged(query.where(*_has_words(key, words)), key, after, limit)

    async def digest_anew(self, row: Row[Any]) -> bool:
        """Have a dossier, of which this is the row, found by digests of the first key alone.

        Where a process without that key has given its external identifier to another dossier, that one has it, and this
        one is no longer found by it. Return whether it still is found by all that it was found by.
        """
        dossier, digests = self._dossier(row), Digests(self.sealer)
        this, digest = group_dossiers.c.dossier_id == dossier.dossier_id, digests.of_identifier(dossier)
        other = group_dossiers.alias()
        theirs = exists().where(
            other.c.group_id == dossier.group_id,
            other.c.identifier_digest == digest,
            other.c.dossier_id != dossier.dossier_id,
        )
        own = case((theirs, None), else_=literal(digest, LargeBinary))
        words = _words(dossier, digests)
        async with self.database.transaction() as connection:
            await connection.execute(update(group_dossiers).where(this).values(identifier_digest=own))
            kept = await connection.scalar(select(group_dossiers.c.identifier_digest).where(this))
            await connection.execute(delete(name_words).where(name_words.c.dossier_id == dossier.dossier_id))
            if words:
                await connection.execute(name_words.insert().values(words))
        return kept == digest

    def _has_identifier(self, group_id: GroupId, external_identifier: str) -> Sequence[ColumnElement[bool]]:
        digests = Digests(self.sealer).to_find_identifier(group_id, external_identifier)
        return group_dossiers.c.group_id == group_id, _is_one_of(group_dossiers.c.identifier_digest, digests)

    def _dossier(self, row: Row[Any]) -> GroupDossier:
        external_identifier, person = open_record(self.sealer.open(row.sealed_record, _RECORD, row.dossier_id))
        return GroupDossier(
            dossier_id=GroupDossierId(row.dossier_id),
            group_id=GroupId(row.group_id),
            company_id=CompanyId(row.company_id),
            pseudoniem=Pseudoniem(row.pseudoniem) if row.pseudoniem else None,
            external_identifier=external_identifier,
            person=person,
        )


def _words(dossier: GroupDossier, digests: Digests) -> list[dict[str, object]]:
    of_dossier = {"dossier_id": dossier.dossier_id, "group_id": dossier.group_id}
    return [{**of_dossier, "digest": digest} for digest in digests.of_words(dossier)]


def _times(words: Sequence[Sequence[bytes]], group_id: GroupId | None) -> CompoundSelect[Any]:
    """Return how often each word is there, by its number, `_OFTEN` times at most.

    A search begins with the rarest word, and is over at once where one is in no name.
    """
    counts = []
    for number, word in enumerate(words):
        some = _with_word(word, group_id).limit(_OFTEN).subquery()
        counts.append(select(literal(number).label("number"), func.count().label("times")).select_from(some))
    return union_all(*counts)


def _with_word(word: Sequence[bytes], group_id: GroupId | None) -> Select[Any]:
    """Return the ids of the dossiers with this word."""
    query = select(name_words.c.dossier_id).where(_is_one_of(name_words.c.digest, word))
    return query if group_id is None else query.where(name_words.c.group_id == group_id)


def _with_words(words: Sequence[Sequence[bytes]], group_id: GroupId | None) -> Select[Any]:
    """Return the ids of the dossiers with all of these words, each by its digests."""
    first, *others = words
    query = _with_word(first, group_id)
    return query.where(*_has_words(name_words.c.dossier_id, others))


def _has_words(dossier_id: ColumnElement[UUID], words: Sequence[Sequence[bytes]]) -> Sequence[ColumnElement[bool]]:
    """Return that a dossier has each of these words; PostgreSQL may join the other way round if few have one."""
    found = []
    for word in words:
        other = name_words.alias()
        found.append(exists().where(other.c.dossier_id == dossier_id, _is_one_of(other.c.digest, word)))
    return found


def _is_one_of(column: ColumnElement[bytes], digests: Sequence[bytes]) -> ColumnElement[bool]:
    """Compare with the one digest that there is but while the sealing key is being changed."""
    return column == digests[0] if len(digests) == 1 else column.in_(digests)


def _paged(query: Select[Any], key: ColumnElement[UUID], after: UUID | None, limit: int) -> Select[Any]:
    behind = query if after is None else query.where(key > after)
    return behind.order_by(key).limit(limit)
