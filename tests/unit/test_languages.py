"""The languages of the pages: which one a reader gets, and how to change it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.routing import Router
from starlette.testclient import TestClient

from common import errors
from common.http.negotiation import preferred_language
from website.language import COOKIE, LanguageSwitch, language_of, place_of
from website.pages import Pages

ORIGIN = "https://sso.example"


def asked(language: str | None = None, cookie: str | None = None, method: str = "GET", path: str = "/") -> Request:
    headers = [(b"accept-language", language.encode())] if language is not None else []
    headers += [(b"cookie", f"{COOKIE.name}={cookie}".encode())] if cookie is not None else []
    place, _, query = path.partition("?")
    return Request(
        {"type": "http", "method": method, "path": place, "query_string": query.encode(), "headers": headers}
    )


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("nl", "nl"),
        ("nl-BE", "nl"),
        ("NL-nl,en;q=0.5", "nl"),
        ("en-GB,nl;q=0.9", "en"),
        ("en;q=0.3, nl;q=0.4", "nl"),
        ("fr, de", "en"),
        ("fr, nl;q=0.1", "nl"),
        ("nl;q=0", "en"),
        ("fr, *;q=0.5", "en"),
        ("nld", "en"),
        ("nl;q=nan", "en"),
        (";;,,/;q", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for_else_in_english(accept: str | None, language: str) -> None:
    assert language_of(asked(accept)) == language


@pytest.mark.parametrize(("cookie", "language"), [("en", "en"), ("nl", "nl"), ("fr", "nl"), ("", "nl")])
def test_what_the_reader_chose_counts_more_than_what_the_browser_asks_for(cookie: str, language: str) -> None:
    assert language_of(asked("nl", cookie)) == language


@given(st.text())
def test_any_header_has_an_answer(header: str) -> None:
    assert preferred_language(header, ["en", "nl"]) in {"en", "nl", None}


def test_a_page_can_be_had_again_at_its_place_and_the_answer_to_a_form_cannot() -> None:
    assert place_of(asked(path="/launch/1/register?code=a%2Fb")) == "/launch/1/register?code=a%2Fb"
    assert place_of(asked(path='/no"such?')) == "/no%22such"
    assert place_of(asked(method="POST")) is None


@pytest.fixture
def client() -> TestClient:
    return TestClient(Router(LanguageSwitch({ORIGIN}).routes()), base_url=ORIGIN, follow_redirects=False)


def test_the_switch_is_remembered_for_a_year_and_leads_back(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "nl", "next": "/sign-in?a=b"}, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?a=b")
    cookie = answer.headers["set-cookie"]
    assert cookie == "__Host-sso-language=nl; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax; Secure"


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "https:evil.example",
        "https://evil.example",
        "https://sso.example@evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/a\nLocation: https://evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil.example",
        "%2f%2fevil.example",
        "",
    ],
)
def test_nobody_is_led_to_another_site(client: TestClient, place: str) -> None:
    answer = client.post("/language", data={"language": "nl", "next": place})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("fields", [{"language": "fr"}, {}, {"language": "nl", "more": "x"}])
def test_a_language_that_there_is_not_is_not_remembered(client: TestClient, fields: dict[str, str]) -> None:
    with pytest.raises(errors.InvalidInput):
        client.post("/language", data=fields)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_sites_page_does_not_switch(client: TestClient, headers: dict[str, str]) -> None:
    with pytest.raises(errors.PermissionDenied):
        client.post("/language", data={"language": "nl"}, headers=headers)


def test_a_page_says_in_which_language_it_is() -> None:
    page = Pages().show(asked("nl"), "left.html")
    assert page.headers["content-language"] == "nl"
    assert '<html lang="nl">' in bytes(page.body).decode()
