"""A page for browsers, JSON for all others (RFC 9110 12.5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.negotiation import prefers_page
from tests.support.world import PAGE

PAGES = {
    "a browser": PAGE["Accept"],
    "pages only": "text/html",
    "in capitals": "TEXT/HTML",
    "with white space": " text/html ; q=0.9 , application/json ; q=0.8 ",
    "any text above JSON": "text/*, application/json;q=0.5",
    "a page, and anything at less": "text/html, */*;q=0.1",
    "a page, and no JSON": "text/html;q=0.1, application/json;q=0, */*;q=1",
    "a parameter before the weight": "text/html;level=1;q=0.9, application/json;q=0.5",
}

NO_PAGES = {
    "nothing said": "",
    "anything": "*/*",
    "JSON": "application/json",
    "both alike": "text/html, application/json",
    "both alike by weight": "text/html;q=0.5, application/json;q=0.5",
    "JSON above a page": "text/html;q=0.5, application/json",
    "pages excluded": "text/html;q=0, */*",
    "any application above a page": "text/html;q=0.5, application/*",
    "the most specific counts": "text/*;q=1, text/html;q=0.1, application/json;q=0.2",
    "another kind of page": "application/xhtml+xml",
    "a problem document": "application/problem+json",
    "a weight that is no number": "text/html;q=x",
    "a weight that is not a number": "text/html;q=nan",
    "rubbish": ";;,,/;q",
}


@pytest.mark.parametrize("accept", PAGES.values(), ids=PAGES)
def test_who_ranks_html_above_json_gets_a_page(accept: str) -> None:
    assert prefers_page(accept)


@pytest.mark.parametrize("accept", NO_PAGES.values(), ids=NO_PAGES)
def test_who_does_not_gets_json(accept: str) -> None:
    assert not prefers_page(accept)


def test_a_header_of_commas_is_not_read_to_its_end() -> None:
    assert not prefers_page("," * 60_000 + "text/html")
    assert prefers_page("," * 900 + "text/html")


@given(st.text())
def test_any_accept_header_has_an_answer(accept: str) -> None:
    assert prefers_page(accept) in {True, False}
