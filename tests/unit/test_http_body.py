"""Bodies: one media type each, bounded in bytes and in time, every parameter once (attacks HTTP-…, FUZZ-…)."""

import asyncio
import json
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from common.errors import (
    BodyTooLarge,
    BodyTooSlow,
    DuplicateParameter,
    InvalidInput,
    MalformedBody,
    ServiceError,
    UnsupportedMediaType,
)
from common.http.body import DEADLINE, FORM, JSON, MAX_BYTES, MAX_FIELDS, fields, form, json_object, media_type

Receive = Callable[[], Awaitable[Message]]


def request(receive: Receive, *headers: tuple[str, str]) -> Request:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": encoded}, receive)


def post(*chunks: bytes, content_type: str = JSON, length: str | None = None) -> Request:
    """Return a request whose body arrives in these chunks; without `length` its size is not announced."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    arriving = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        return next(arriving)

    announced = [] if length is None else [("content-length", length)]
    return request(receive, ("content-type", content_type), *announced)


async def refusal(reading: Awaitable[object]) -> type[ServiceError] | None:
    """Return what kind of refusal reading ends in, None if it succeeds."""
    try:
        await reading
    except ServiceError as error:
        return type(error)
    return None


MEDIA_TYPES: dict[str, bool] = {
    "application/json": True,
    "Application/JSON": True,
    "application/json; charset=utf-8": True,
    'application/json;charset="UTF-8"': True,
    "application/json; Charset=UTF8": True,
    "application/json;": True,
    "application/json; charset=utf-16": False,
    "application/json; charset=iso-8859-1": False,
    "application/json; charset=utf-8; charset=utf-16": False,
    "application/json; profile=x": False,
    "application/x-www-form-urlencoded": False,
    "multipart/form-data; boundary=x": False,
    "application/jsonp": False,
    "application/problem+json": False,
    "text/json": False,
    "text/plain": False,
    "application/xml": False,
    "application/json, text/plain": False,
    "*/*": False,
    "": False,
}


@pytest.mark.parametrize(("content_type", "fine"), MEDIA_TYPES.items())
async def test_a_json_body_says_that_it_is_json_in_utf_8(content_type: str, fine: bool) -> None:  # noqa: FBT001
    refused = await refusal(json_object(post(b"{}", content_type=content_type)))
    assert refused is (None if fine else UnsupportedMediaType)


@pytest.mark.parametrize(
    "content_type", [JSON, "multipart/form-data; boundary=x", f"{FORM}; charset=utf-16", "text/plain"]
)
async def test_a_form_is_urlencoded_and_nothing_else(content_type: str) -> None:
    assert await refusal(form(post(b"a=1", content_type=content_type))) is UnsupportedMediaType


async def test_a_media_type_given_twice_or_not_at_all_is_refused() -> None:
    twice = request(post(b"{}").receive, ("content-type", JSON), ("content-type", JSON))
    assert await refusal(json_object(twice)) is UnsupportedMediaType
    assert await refusal(json_object(request(post(b"{}").receive))) is UnsupportedMediaType


def test_where_two_media_types_are_welcome_the_one_that_came_is_told() -> None:
    assert media_type(post(content_type=f"{FORM}; charset=utf-8"), FORM, JSON) == FORM
    with pytest.raises(UnsupportedMediaType, match="x-www-form-urlencoded or application/json"):
        media_type(post(content_type="text/plain"), FORM, JSON)


FULL = json.dumps({"a": "x" * (MAX_BYTES - 9)}).encode()
assert len(FULL) == MAX_BYTES

SIZES: list[tuple[str, Request, type[ServiceError] | None]] = [
    ("as large as may be, announced", post(FULL, length=str(MAX_BYTES)), None),
    ("as large as may be, not announced", post(FULL), None),
    ("in many chunks", post(*(FULL[at : at + 1000] for at in range(0, MAX_BYTES, 1000))), None),
    ("one byte more, not announced", post(FULL, b" "), BodyTooLarge),
    ("one byte more than may be is announced", post(FULL, length=str(MAX_BYTES + 1)), BodyTooLarge),
    ("more is announced than an int holds", post(b"{}", length="9" * 5_000), BodyTooLarge),
    ("little is announced and much comes", post(FULL, b" ", length="2"), BodyTooLarge),
    ("no size is announced, but a word", post(b"{}", length="many"), MalformedBody),
    ("a size below zero is announced", post(b"{}", length="-1"), MalformedBody),
]


@pytest.mark.parametrize(("sent", "expected"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES])
async def test_a_body_has_at_most_64_kib(sent: Request, expected: type[ServiceError] | None) -> None:
    assert await refusal(json_object(sent)) is expected


async def test_a_body_announced_as_too_large_is_not_waited_for() -> None:
    async def receive() -> Message:
        raise AssertionError("the body was read")

    sent = request(receive, ("content-type", JSON), ("content-length", str(MAX_BYTES + 1)))
    assert await refusal(json_object(sent)) is BodyTooLarge


async def test_a_body_that_never_ends_is_not_read_beyond_the_limit() -> None:
    received = 0

    async def receive() -> Message:
        nonlocal received
        received += 1024
        return {"type": "http.request", "body": b"x" * 1024, "more_body": True}

    assert await refusal(json_object(request(receive, ("content-type", JSON)))) is BodyTooLarge
    assert received == MAX_BYTES + 1024


class HurriedLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock of its own: instead of waiting, it moves the clock."""

    def __init__(self) -> None:
        self.passed = 0.0
        loop = self

        class Hurried(selectors.DefaultSelector):
            def select(self, timeout: float | None = None) -> Any:
                loop.passed += timeout or 0.0
                return super().select(0)

        super().__init__(Hurried())

    def time(self) -> float:
        return self.passed


@pytest.mark.parametrize("pause", [1.0, DEADLINE + 1.0])
def test_a_body_that_trickles_in_is_given_up_after_ten_seconds(pause: float) -> None:
    async def receive() -> Message:
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": b" ", "more_body": True}

    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        assert runner.run(refusal(json_object(request(receive, ("content-type", JSON))))) is BodyTooSlow
        assert runner.get_loop().time() == pytest.approx(DEADLINE, abs=0.1)


async def test_a_connection_that_ends_before_the_body_is_a_malformed_body() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert await refusal(json_object(request(receive, ("content-type", JSON)))) is MalformedBody


JSON_BODIES: dict[bytes, type[ServiceError] | None] = {
    b'{"a": 1}': None,
    b"": MalformedBody,
    b"{": MalformedBody,
    b'{"a": NaN}': MalformedBody,
    b'{"a": "\xff"}': MalformedBody,
    "{}".encode("utf-16"): MalformedBody,
    b"[" * 30_000: MalformedBody,
    b'{"a": 1, "a": 1}': DuplicateParameter,
    b'{"a": {"b": 1, "b": 2}}': DuplicateParameter,
    b"[]": InvalidInput,
    b"null": InvalidInput,
    b'"{}"': InvalidInput,
}


@pytest.mark.parametrize(("body", "expected"), JSON_BODIES.items(), ids=[str(body[:20]) for body in JSON_BODIES])
async def test_a_json_body_is_one_object_without_duplicates(body: bytes, expected: type[ServiceError] | None) -> None:
    assert await refusal(json_object(post(body))) is expected


FORMS: dict[bytes, dict[str, str] | type[ServiceError]] = {
    b"": {},
    b"a=1&b=2": {"a": "1", "b": "2"},
    b"a=&b": {"a": "", "b": ""},
    b"a=1+2%2B3&%61b=%C3%A9": {"a": "1 2+3", "ab": "é"},
    b"a=1;b=2": {"a": "1;b=2"},
    b"a=%zz": {"a": "%zz"},
    b"a=1&a=1": DuplicateParameter,
    b"a=1&%61=2": DuplicateParameter,
    b"a=\xc3\xa9": MalformedBody,
    b"a=%FF": MalformedBody,
    b"a=%ED%A0%80": MalformedBody,
    b"a=%C0%AF": MalformedBody,
    b"&".join(b"f%d=1" % number for number in range(MAX_FIELDS + 1)): MalformedBody,
}


@pytest.mark.parametrize(("body", "expected"), FORMS.items(), ids=[str(body[:20]) for body in FORMS])
async def test_a_form_is_ascii_with_each_field_once(body: bytes, expected: dict[str, str] | type[ServiceError]) -> None:
    sent = post(body, content_type=FORM)
    if isinstance(expected, dict):
        assert await form(sent) == expected
    else:
        assert await refusal(form(sent)) is expected


def test_a_form_can_have_a_hundred_fields() -> None:
    assert len(fields(b"&".join(b"f%d=1" % number for number in range(MAX_FIELDS)))) == MAX_FIELDS


@given(st.binary(max_size=60))
def test_any_octets_are_a_form_or_refused(body: bytes) -> None:
    try:
        found = fields(body)
    except MalformedBody:
        return
    assert all(isinstance(text.encode(), bytes) for pair in found.items() for text in pair)
