"""`docs/oauth.md` keeps its word: every rule has a test, and every test exists."""

import re
from pathlib import Path

import pytest

from tests.test_contract_table import TEST, defined_in

PAGE = (Path(__file__).parent.parent / "docs" / "oauth.md").read_text()
RULES = [
    "RFC 6749: the token endpoint",
    "RFC 6750: bearer tokens",
    "RFC 7523: a client authenticates with its key",
    "RFC 8414: the metadata",
    "RFC 9068: the access token",
    "RFC 7662: introspection",
    "RFC 7009: revocation",
]
DIFFERENCES = "Where we differ"
HEADINGS = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
PARTS = dict(zip(HEADINGS[1::2], HEADINGS[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table, without its two first lines."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_rfc_is_there_in_order_and_the_differences_stand_at_the_end() -> None:
    assert list(PARTS) == [*RULES, DIFFERENCES]


@pytest.mark.parametrize("part", RULES)
def test_a_rule_has_a_section_and_tests_that_exist(part: str) -> None:
    assert len(rows(PARTS[part])) > 5
    for section, rule, tests in rows(PARTS[part]):
        named = [TEST.fullmatch(test) for test in tests.split("<br>")]
        assert section, rule
        assert all(named), rule
        assert [test[0] for test in named if test and test[2] not in defined_in(test[1])] == [], rule


def test_a_difference_says_why() -> None:
    assert len(rows(PARTS[DIFFERENCES])) > 5
    assert [row for row in rows(PARTS[DIFFERENCES]) if len(row) != 4 or not all(row)] == []
