"""The same on SQLite: every statement that goes to the library, with its values, explained afterwards."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.growth.plans import BIG

_EXPLAINED: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@contextmanager
def traced() -> Iterator[list[str]]:
    """Give a list to which each statement is added, on connections that are made within, whoever makes them."""
    seen: list[str] = []
    connect = sqlite3.connect

    def tracing(*given: Any, **named: Any) -> sqlite3.Connection:  # noqa: ANN401 - whatever it is given
        connection: sqlite3.Connection = connect(*given, **named)
        connection.set_trace_callback(seen.append)
        return connection

    sqlite3.connect = tracing  # type: ignore[assignment]  # the driver looks it up there
    try:
        yield seen
    finally:
        sqlite3.connect = connect


def faults(file: Path, statements: Mapping[str, list[str]]) -> list[str]:
    """Return which statements of which kind of request would read all of a big table."""
    found = set()
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        for kind, texts in statements.items():
            for text in texts:
                if text.lstrip().upper().startswith(_EXPLAINED):
                    steps = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
                    found |= {
                        f"{kind}: {step}: {' '.join(text.split())[:300]}" for step in steps if _scans(connection, step)
                    }
    finally:
        connection.close()
    return sorted(found)


def _scans(connection: sqlite3.Connection, step: str) -> bool:
    words = step.split()
    if words[0] != "SCAN" or "USING" in words:
        return False
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (words[1],)).fetchone()
    if known is None:  # a part of the statement itself
        return False
    return int(connection.execute(f"SELECT count(*) FROM {words[1]}").fetchone()[0]) >= BIG  # noqa: S608 - its own name
