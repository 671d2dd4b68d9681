"""The page about errors cannot drift from the errors."""

from pathlib import Path

from website.error_reference import reference


def test_the_committed_page_is_what_the_table_of_errors_makes() -> None:
    page = Path(__file__).parents[2] / "docs" / "errors.md"
    assert page.read_text() == reference(), "run `make docs`"
