"""Bodies that are wrong: each endpoint says how, changes nothing, and never fails itself."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.bench import Bench
from tests.support.endpoints import BODIES, BSN, FORM, LAUNCH, TOKEN, Endpoint, send
from tests.support.wire import oauth_error, problem, secured

pytestmark = pytest.mark.usefixtures("nothing_changes")


def refused(
    endpoint: Endpoint, answer: httpx2.Response, status: int, code: str, error: str = "invalid_request"
) -> None:
    """Check that the answer is this problem, or at the token endpoint this `error`."""
    if endpoint is TOKEN:
        oauth_error(answer, 400 if error == "invalid_request" else status, error)
    else:
        problem(answer, status, code)


OTHER_MEDIA = [
    "", "text/plain", "text/json", "application/xml", "application/json-patch+json", "multipart/form-data; boundary=x",
    "application/json; charset=utf-16", "application/json; charset=iso-8859-1", "application/json; boundary=x",
    "application/x-www-form-urlencoded; charset=utf-7", "application/json, text/plain",
]  # fmt: skip


@pytest.mark.parametrize("endpoint", [*BODIES, TOKEN], ids=str)
async def test_other_media_types_and_charsets_are_not_supported(bench: Bench, endpoint: Endpoint) -> None:
    for content_type in OTHER_MEDIA:
        answer = await send(bench, endpoint, json.dumps(endpoint.body), **{"Content-Type": content_type})
        refused(endpoint, answer, 415, "unsupported_media_type", "unsupported_media_type")


MALFORMED = {
    "empty": b"",
    "half an object": b'{"a":',
    "two objects": b"{}{}",
    "a comment": b"{}//",
    "a trailing comma": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "NaN": b'{"a":NaN}',
    "out of range": b'{"a":1e999}',
    "5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "deep brackets": b'{"a":' + b"[" * 60_000,
    "deep and closed": b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "no UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\x80"}',
    "surrogates in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "raw control characters": b'{"a":"\x00"}',
    "a form": b"token=abc",
}


@pytest.mark.parametrize("endpoint", [*BODIES, TOKEN], ids=str)
async def test_what_is_not_json_is_malformed(bench: Bench, endpoint: Endpoint) -> None:
    for content in MALFORMED.values():
        answer = await send(bench, endpoint, content)
        refused(endpoint, answer, 400, "malformed_body")


@pytest.mark.parametrize("endpoint", [*BODIES, TOKEN], ids=str)
async def test_a_member_is_given_once(bench: Bench, endpoint: Endpoint) -> None:
    member, value = next(iter((endpoint.body or {}).items()))
    rest = json.dumps(endpoint.body)[1:]
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in member)
    for twice in (
        f'{{"{member}":{json.dumps(value)},{rest}',
        f'{{"{escaped}":{json.dumps(value)},{rest}',
        '{"a":{"b":1,"b":2}}',
    ):
        answer = await send(bench, endpoint, twice)
        refused(endpoint, answer, 400, "duplicate_parameter")


@pytest.mark.parametrize("endpoint", [*BODIES, TOKEN], ids=str)
async def test_a_body_is_an_object(bench: Bench, endpoint: Endpoint) -> None:
    for value in ("[]", "[{}]", '"x"', "1", "true", "null"):
        answer = await send(bench, endpoint, value)
        refused(endpoint, answer, 422, "invalid_request")
        assert endpoint is TOKEN or answer.json()["errors"] == [{"pointer": "", "rule": "type"}]


def wrong_bodies(endpoint: Endpoint) -> list[tuple[dict[str, Any], str, str]]:
    """Return bodies with one thing wrong, and the pointer and rule that must come back."""
    body = endpoint.body or {}
    first, *others = body
    wrong: list[tuple[dict[str, Any], str, str]] = [({**body, "more": 1}, "/more", "unknown_member")]
    wrong.append(({**body, "123456782": 1}, "", "unknown_member"))
    for member in body:
        kind: list[Any] = [1, True, [], 10**400, {} if isinstance(body[member], str) else "x"]
        wrong += [({**body, member: value}, f"/{member}", "type") for value in kind]
        optional = member in {"clientId", "label", "jwk"}
        wrong += [({**body, member: None}, f"/{member}", "null" if optional else "type")]
    missing = {member: body[member] for member in others}
    wrong += [(missing, "", "jwk_or_pem") if first == "jwk" else (missing, f"/{first}", "missing")]
    return wrong


@pytest.mark.parametrize("endpoint", BODIES, ids=str)
async def test_each_fault_is_pointed_at(bench: Bench, endpoint: Endpoint) -> None:
    for body, pointer, rule in wrong_bodies(endpoint):
        answer = await send(bench, endpoint, json.dumps(body))
        members = problem(answer, 422, "invalid_request")
        assert members["errors"] == [{"pointer": pointer, "rule": rule}], body
        assert BSN not in answer.text
        assert "123456782" not in answer.text


TEXTS = {
    ("/company/register", "companyName"): {
        "": "blank", " \t": "blank", "\u200b": "blank", "x" * 201: "too_long",
        "a\0b": "characters", "\ud800": "characters",
    },
    ("/company/keys", "label"): {"x" * 256: "too_long", "a\0b": "characters", "a\udfff": "characters"},
}  # fmt: skip


@pytest.mark.parametrize("endpoint", [BODIES[1], BODIES[2]], ids=str)
async def test_a_text_can_be_stored_and_seen(bench: Bench, endpoint: Endpoint) -> None:
    for (path, member), texts in TEXTS.items():
        for text, rule in texts.items() if path == endpoint.path else ():
            answer = await send(bench, endpoint, json.dumps({**(endpoint.body or {}), member: text}))
            errors = problem(answer, 422, "invalid_request")["errors"]
            assert errors == [{"pointer": f"/{member}", "rule": rule}], repr(text)


NO_BSN = [
    "1234567", "1234567890", "000000000", "00000000", "12345678X", "123.456.782", "123 456 782", "+12345678",
    "-12345678",    "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19", "\u0661" * 9, "1234567\u00b2",
]  # fmt: skip


async def test_a_body_without_a_bsn_is_invalid_and_does_not_come_back(bench: Bench) -> None:
    for endpoint in (one for one in BODIES if "bsn" in (one.body or {})):
        for bsn in (*NO_BSN, "", " 123456782", "123456782\n", "12345678\0", "\ud800" * 9):
            answer = await send(bench, endpoint, json.dumps({"bsn": bsn}))
            assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": "/bsn", "rule": "bsn"}], repr(bsn)
            assert not bsn or bsn not in answer.text


async def test_a_path_without_a_bsn_is_invalid_and_does_not_come_back(bench: Bench) -> None:
    for bsn in (*NO_BSN, "123456782%0A", "12345678%00", "%20123456782", "%ff1234567", "%F0%9F%98%80"):
        for method, path in (("DELETE", f"/dossier/{bsn}"), ("GET", f"/dossier/{bsn}/permission")):
            answer = await bench.world.client.request(method, path, headers=bench.a.bearer)
            assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": "bsn", "rule": "bsn"}], path
            assert bsn not in answer.text


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in chunks"])
@pytest.mark.parametrize("endpoint", [*BODIES, TOKEN], ids=str)
async def test_a_body_over_64_kib_is_too_large(bench: Bench, endpoint: Endpoint, *, chunked: bool) -> None:
    async def pieces(octets: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(octets), 4096):
            yield octets[start : start + 4096]

    start = json.dumps({**(endpoint.body or {}), "more": ""}).encode()
    for extra in (0, 1):
        octets = start[:-2] + b"x" * (64 * 1024 - len(start) + extra) + start[-2:]
        answer = await send(bench, endpoint, pieces(octets) if chunked else octets)
        if extra:
            refused(endpoint, answer, 413, "body_too_large", "body_too_large")
        else:
            refused(endpoint, answer, 422, "invalid_request")


async def test_what_a_body_announces_is_believed_only_if_it_is_too_much(bench: Bench) -> None:
    for announced in ("65537", "9" * 400):
        answer = await send(bench, LAUNCH, b"{}", **{"Content-Length": announced})
        problem(answer, 413, "body_too_large")


FORMS = {
    "token=a&token=b": "duplicate_parameter",
    "token=a&%74oken=b": "duplicate_parameter",
    "token=a&x=1&x=1": "duplicate_parameter",
    "token=%ff": "malformed_body",
    "token=a&" + "&".join(f"f{number}=1" for number in range(100)): "malformed_body",
    "token=\u00e9": "malformed_body",
}


async def test_a_form_says_everything_once_and_in_utf_8(bench: Bench) -> None:
    for form, code in FORMS.items():
        problem(await send(bench, LAUNCH, form.encode(), **FORM), 400, code)


async def test_a_form_without_a_token_is_invalid(bench: Bench) -> None:
    answer = await send(bench, LAUNCH, b"other=1", **FORM)
    assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": "/token", "rule": "missing"}]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
members = st.sampled_from(
    ["token", "clientId", "companyName", "companyId", "companySecret", "bsn", "jwk", "pem", "label", "kty", "n"]
)
bodies = (
    st.binary(max_size=200)
    | st.dictionaries(members, anything | st.dictionaries(members, anything), max_size=4).map(
        lambda body: json.dumps(body).encode()
    )
    | anything.map(lambda body: json.dumps(body).encode())
)


@pytest.mark.parametrize("endpoint", [*(e for e in BODIES if e.path != "/company/register"), TOKEN], ids=str)
@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=bodies, form=st.booleans())
async def test_whatever_is_sent_it_is_the_sender_who_is_wrong(
    bench: Bench, endpoint: Endpoint, content: bytes, *, form: bool
) -> None:
    answer = await send(bench, endpoint, content, **(FORM if form else {}))
    assert 400 <= answer.status_code < 500, answer.text
    secured(answer)
