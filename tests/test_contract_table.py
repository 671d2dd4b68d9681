"""`docs/contract.md` keeps its word: every section is there, every promise has a test, and every test exists."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "contract.md").read_text()
SECTIONS = [
    "1. Conventions",
    "2. Tokens",
    "3. Identity API",
    "4. Pseudoniem API",
    "5. Dossier API",
    "6. Patients",
    "7. Running it",
]
HEAD = ["| Promise | Held by |", "|---|---|"]
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")

Row = tuple[str, str]
"""A promise, and what stands beside it."""


def parts() -> dict[str, str]:
    """Return the text of each section under its heading."""
    headings = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(headings[1::2], headings[2::2], strict=True))


def rows(text: str) -> list[Row]:
    """Return the rows of the tables in a text, their heads left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and line not in HEAD]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert [line for line, row in zip(lines, cells, strict=True) if len(row) != len(HEAD)] == []
    return [(promise, tests) for promise, tests in cells]


ROWS = [row for text in parts().values() for row in rows(text)]
NAMED = sorted({named for _, tests in ROWS for named in TEST.findall(tests)})


@cache
def defined_in(path: str) -> frozenset[str]:
    """Return the tests that a file defines; read, not imported."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_section_is_there_in_order() -> None:
    assert list(parts()) == SECTIONS


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_makes_promises_in_tables_of_one_form(section: str) -> None:
    text = parts()[section]
    assert rows(text)
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert [table for table in tables if table.splitlines()[:2] != HEAD] == []


def test_no_promise_is_without_a_test() -> None:
    """What stands beside a promise is tests alone: a word that is none would be a test that nobody checks."""
    assert [
        promise for promise, tests in ROWS if not promise or not all(map(TEST.fullmatch, tests.split("<br>")))
    ] == []


def test_no_promise_names_a_test_twice() -> None:
    assert [promise for promise, tests in ROWS if max(Counter(tests.split("<br>")).values()) > 1] == []


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_every_test_that_is_named_exists(path: str) -> None:
    assert [name for named, name in NAMED if named == path and name not in defined_in(path)] == []
