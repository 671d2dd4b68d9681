"""Statements that are made once and sent often: on PostgreSQL straight to the driver, which keeps them prepared.

SQLAlchemy writes their text when they are made; what it does for each execution besides costs several times what the
database does. On SQLite, where a statement is a call in this process, it executes them itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    ARRAY,
    ClauseElement,
    Column,
    ColumnElement,
    Delete,
    Insert,
    Select,
    String,
    Update,
    bindparam,
    exc,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.types import TypeEngine

from common.store.pool import Held

Row = Any
"""A row, with an attribute for each column; whose library it is of depends on the database."""

Rows = Sequence[Row]

Key = tuple[object, ...]

_POSTGRESQL: Final = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
_SQLITE_KEYS: Final = 100
"""Keys of one statement on SQLite: it looks up every combination of their values."""

_PLACE: Final = re.compile(r"\$([0-9]+)")


class Statement:
    """A statement of which only the values differ. `columns` are those that an INSERT gives."""

    def __init__(self, element: Insert | Update | Delete, columns: Sequence[str] | None = None) -> None:
        self.element = element
        self.table = element.entity_description["name"]
        self.text, self._names, self._constants = _compiled(element, columns)

    def arguments(self, values: Any) -> list[object]:  # noqa: ANN401 - see `Write`
        """Return the values in the order of their places in the text."""
        given = self._constants | values if self._constants else values
        return [given[name] for name in self._names]


class BulkInsert(Statement):
    """An INSERT of any number of rows, sent as one list for each column."""

    def __init__(
        self, into: Insert, columns: Sequence[str], *, latest: tuple[Sequence[str], str] | None = None
    ) -> None:
        """`latest` is for an INSERT that updates what is there: a key, of whose rows the one counts that is the last in
        another column. PostgreSQL updates no row twice; and as they come in the order of the key, none of two who
        update the same rows waits for the other for ever.
        """
        super().__init__(into, columns)
        lists = [bindparam(name, type_=_list_of(into.table.c[name].type)) for name in columns]
        given = func.unnest(*lists).table_valued(*columns).render_derived().c
        rows: Select[Any] = select(*given)
        if latest is not None:
            key, last = [given[name] for name in latest[0]], given[latest[1]]
            rows = rows.ext(distinct_on(*key)).order_by(*key, last.desc())
        self.text, self._names, _ = _compiled(into.from_select(columns, rows, include_defaults=False), None)

    def arguments(self, values: Any) -> list[object]:  # noqa: ANN401 - see `Write`
        return [[row[name] for row in values] for name in self._names]


class Keyed:
    """A query of which the rows with one of many keys are asked: a key is the values of these columns."""

    def __init__(self, query: Select[Any], *columns: Column[Any], first: Sequence[ColumnElement[Any]] = ()) -> None:
        """Of the rows of one key give the `first` in this order alone, where one is given: there can be many."""
        names = [column.name for column in columns]
        lists = [bindparam(column.name, type_=_list_of(column.type)) for column in columns]
        asked = select(*func.unnest(*lists).table_valued(*names).render_derived().c)
        # SQLite finds no index for pairs in a list of pairs, but one for each column in a list of its own: what is
        # found for another pair of the same values is left out.
        each = (column.in_(bindparam(f"some_{column.name}", type_=column.type, expanding=True)) for column in columns)
        of_keys = query.where(*each)
        self._sqlite = of_keys.order_by(*first).limit(1) if first else of_keys
        self._at_once = 1 if first else _SQLITE_KEYS
        one_each = query.ext(distinct_on(*columns)).order_by(*columns, *first) if first else query
        self.text, self._names, _ = _compiled(one_each.where(tuple_(*columns).in_(asked)), None)
        self._columns = names

    def on_sqlite(self, keys: Sequence[Key]) -> Select[Any]:
        """Return the query that finds at least the rows of these keys."""
        values = {f"some_{name}": {key[place] for key in keys} for place, name in enumerate(self._columns)}
        return self._sqlite.params(values)

    async def rows(self, held: Held, keys: Sequence[tuple[object, ...]]) -> Mapping[tuple[object, ...], Rows]:
        """Return the rows by their keys, on this connection."""
        rows: list[Row] = []
        if held.is_sqlite:
            for start in range(0, len(keys), self._at_once):
                query = self.on_sqlite(keys[start : start + self._at_once])
                rows += (await held.connection.execute(query)).all()
        else:
            lists = dict(zip(self._columns, map(list, zip(*keys, strict=True)), strict=True))
            rows = await held.driver.fetch(self.text, *(lists[name] for name in self._names))
        found: dict[tuple[object, ...], list[Any]] = {key: [] for key in keys}
        for row in rows:
            key = tuple(getattr(row, name) for name in self._columns)
            if key in found:
                found[key].append(row)
        return {key: of_key for key, of_key in found.items() if of_key}


@dataclass(frozen=True, slots=True)
class Write:
    """An INSERT to be made, with its values (of a BulkInsert, the rows); `broken` is what a broken constraint means."""

    statement: Statement
    values: Any
    broken: Callable[[], Exception] | None = None


async def send(held: Held, writes: Sequence[Write]) -> None:
    """Make these writes; on PostgreSQL in one statement, so none may need what another one writes but by a foreign key.

    Raises what a write says that its broken constraint means, or IntegrityError.
    """
    if held.is_sqlite:
        for write in writes:
            try:
                await held.connection.execute(write.statement.element, write.values)
            except exc.IntegrityError:
                if write.broken is None:
                    raise
                raise write.broken() from None
        return
    text = _together(tuple(write.statement.text for write in writes))
    arguments = [argument for write in writes for argument in write.statement.arguments(write.values)]
    try:
        await held.driver.execute(text, *arguments)
    except asyncpg.IntegrityConstraintViolationError as error:
        meant = [write.broken for write in writes if write.broken and write.statement.table == error.table_name]
        raise meant[0]() if meant else exc.IntegrityError(text, None, error) from None


def _list_of(kind: TypeEngine[Any]) -> ARRAY[Any]:
    """Return the type of a list of such values. A text has no length here: a cast would cut it off."""
    return ARRAY(String() if isinstance(kind, String) else kind)


def _compiled(element: ClauseElement, columns: Sequence[str] | None) -> tuple[str, Sequence[str], dict[str, object]]:
    """Return the text for the driver, the names of its values in their order, and those values that are its own."""
    compiled: Any = element.compile(dialect=_POSTGRESQL, column_keys=columns)
    own = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return str(compiled), compiled.positiontup, own


@lru_cache(maxsize=256)
def _together(texts: tuple[str, ...]) -> str:
    """Return one statement that makes several writes: all but the last as parts of a WITH."""
    numbered, given = [], 0
    for text in texts:
        numbered.append(_PLACE.sub(lambda place, given=given: f"${int(place[1]) + given}", text))  # type: ignore[misc]  # the default of a lambda has no type
        given += len(set(_PLACE.findall(text)))
    parts = [f"w{number} AS ({text})" for number, text in enumerate(numbered[:-1])]
    return f"WITH {', '.join(parts)} {numbered[-1]}" if parts else numbered[-1]
