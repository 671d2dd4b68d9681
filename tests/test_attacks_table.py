"""`docs/attacks.md` keeps its word: every test that it names exists."""

import re
from pathlib import Path

from tests.test_contract_table import defined_in

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "attacks.md").read_text()
NAMED = re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", PAGE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| Id")]


def test_every_test_that_is_named_exists() -> None:
    assert [(path, name) for path, name in NAMED if name not in defined_in(path)] == []
    assert len(NAMED) > 300


def test_every_row_says_what_happens_and_a_row_without_a_test_says_why() -> None:
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in ROWS]
    assert [row for row in cells if len(row) != 4 or not row[1] or not row[2]] == []
    assert [row for row in cells if not re.match("`(tests|tools)/", row[3]) and row[3] != "-"] == []
