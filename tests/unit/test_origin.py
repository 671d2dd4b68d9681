"""Which forms count as sent by a page of ours (attacks WEB-007, WEB-008)."""

import pytest
from starlette.requests import Request

from common.errors import PermissionDenied
from common.sessions import csrf_token
from website.origin import require_own_form, require_own_origin

ORIGINS = frozenset({"http://127.0.0.1:8080", "http://localhost:8080"})


def request(*headers: tuple[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "method": "POST", "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("origin", "http://127.0.0.1:8080")],
        [("origin", "http://localhost:8080")],
        [("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "none")],
    ],
)
def test_a_form_of_our_own_pages_is_taken_and_so_is_that_of_a_client_that_says_nothing(
    headers: list[tuple[str, str]],
) -> None:
    require_own_origin(request(*headers), ORIGINS)


@pytest.mark.parametrize(
    "headers",
    [
        [("origin", "null")],
        [("origin", "")],
        [("origin", "https://evil.example")],
        [("origin", "https://127.0.0.1:8080")],
        [("origin", "http://127.0.0.1:8081")],
        [("origin", "http://127.0.0.1")],
        [("origin", "http://127.0.0.1:8080.evil.example")],
        [("origin", "http://127.0.0.1:8080"), ("origin", "https://evil.example")],
        [("sec-fetch-site", "cross-site")],
        [("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "cross-site")],
    ],
)
def test_a_form_of_another_site_is_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(PermissionDenied):
        require_own_origin(request(*headers), ORIGINS)


def test_a_form_counts_for_the_session_that_it_was_made_for() -> None:
    require_own_form("the session", csrf_token("the session"))


@pytest.mark.parametrize("given", ["", "the session", csrf_token("another session"), csrf_token(""), "é", "\ud800"])
def test_a_form_with_another_token_is_refused(given: str) -> None:
    with pytest.raises(PermissionDenied):
        require_own_form("the session", given)
