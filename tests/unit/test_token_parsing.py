"""A token is taken apart in one way only, before any key sees it (attacks SIG-…, HDR-…, ALG-…)."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import MalformedToken
from keys import base64url
from schemas.profiles import MAX_TOKEN
from sso.verifier.token import MAX_HEADER, RawToken, take_apart
from tests.support.characters import full_width

HEADER = {"alg": "RS256", "kid": "kA1"}
PAYLOAD = b'{"sub":"profID1241"}'
SIGNATURE = bytes(range(256))
ALPHABET = string.ascii_letters + string.digits + "-_"
_ = base64url.encode


def token(header: dict[str, Any] | bytes = HEADER, payload: bytes = PAYLOAD) -> str:
    octets = header if isinstance(header, bytes) else json.dumps(header).encode()
    return f"{_(octets)}.{_(payload)}.{_(SIGNATURE)}"


GOOD = token()
H, P, S = GOOD.split(".")
SPACED = _(json.dumps({"alg": "RS256"}, separators=(",", ":")).encode() + b" ")
"""A header of 16 octets: its last character has bits that stand for nothing."""


def with_header(**members: Any) -> str:
    return token(HEADER | members)


def padded_to(size: int) -> dict[str, str]:
    """Return a header whose segment has `size` characters."""
    room = size * 3 // 4 - len(json.dumps(HEADER | {"x": ""}))
    return HEADER | {"x": "x" * room}


def of_size(size: int) -> str:
    """Return a token of `size` characters that is canonical otherwise: no segment has 4n + 1 characters."""
    headers = (_(json.dumps(HEADER | {"kid": "k" * length}).encode()) for length in range(8))
    rooms = {header: size - len(header) - len(S) - 2 for header in headers}
    return next(f"{header}.{'A' * room}.{S}" for header, room in rooms.items() if room % 4 != 1)


def other_last_character(segment: str) -> str:
    """Return another text that a lenient decoder takes for the same octets: only unused bits differ."""
    return segment[:-1] + ALPHABET[ALPHABET.index(segment[-1]) ^ 1]


SPELLINGS: dict[str, str] = {
    "nothing": "",
    "dots alone": "..",
    "no signature": f"{H}.{P}",
    "an empty signature": f"{H}.{P}.",
    "an empty header": f".{P}.{S}",
    "a detached payload": f"{H}..{S}",
    "a fourth segment": f"{GOOD}.{S}",
    "five segments, as a JWE": f"{H}.{P}.{S}.{P}.{S}",
    "a dot at the end": f"{GOOD}.",
    "white space before": f" {GOOD}",
    "a newline after": f"{GOOD}\n",
    "a tab inside": f"{H}\t.{P}.{S}",
    "folded as a header": f"{H}.{P}\r\n .{S}",
    "NUL after": f"{GOOD}\x00",
    "padding": f"{H}.{P}.{S}==",
    "padding of the header": f"{SPACED}==.{P}.{S}",
    "the base64 alphabet": f"{H}.{P}.{S.replace('-', '+').replace('_', '/')}",
    "unused bits in the signature": f"{H}.{P}.{other_last_character(S)}",
    "unused bits in the header": f"{other_last_character(SPACED)}.{P}.{S}",
    "a segment of one character more": f"{H}.{P}.AAAAA",
    "a letter outside ASCII": f"{H}.{P}.é{S}",
    "full-width letters": f"{H}.{P}.{full_width('AAAA')}",
    "half a surrogate pair": f"{H}.{P}.\ud800",
    "a byte order mark": f"\ufeff{GOOD}",
    "quotation marks": f'"{GOOD}"',
    "Bearer before": f"Bearer {GOOD}",
    "flattened JSON": json.dumps({"protected": H, "payload": P, "signature": S}),
    "general JSON": json.dumps({"payload": P, "signatures": [{"protected": H, "signature": S}]}),
    "general JSON without a signature": json.dumps({"payload": P, "signatures": []}),
    "one character too many": of_size(MAX_TOKEN + 1),
    "a megabyte": "A" * 1_000_000,
    "a megabyte of dots": "." * 1_000_000,
    "a header segment that is too long": token(padded_to(MAX_HEADER + 4)),
}

ODD_CRITS: list[Any] = [None, 1, "alg", [], ["alg"], ["typ", "typ"], [[]], [{}], [None], {}]
HEADERS: dict[str, dict[str, Any] | bytes] = {
    "empty": b"{}",
    "not JSON": b"alg: none",
    "an array": b'["RS256"]',
    "null": b"null",
    "a string": b'"RS256"',
    "UTF-16": json.dumps(HEADER).encode("utf-16"),
    "UTF-16 without a mark": json.dumps(HEADER).encode("utf-16-le"),
    "UTF-32": json.dumps(HEADER).encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(HEADER).encode(),
    "invalid UTF-8": b'{"alg":"RS256","x":"\xff"}',
    "NaN": b'{"alg":"RS256","x":NaN}',
    "a number out of range": b'{"alg":"RS256","x":1e999}',
    "deep": b'{"alg":"RS256","x":' + b"[" * 700,
    "alg given twice, none first": b'{"alg":"none","alg":"RS256"}',
    "alg given twice, none last": b'{"alg":"RS256","alg":"none"}',
    "alg given twice, once with an escape": rb'{"alg":"RS256","\u0061lg":"none"}',
    "an unknown member given twice": b'{"alg":"RS256","x":1,"x":2}',
    "a member given twice inside another": b'{"alg":"RS256","x":{"y":1,"y":2}}',
    "no alg": {"kid": "kA1"},
    "alg of null": {"alg": None},
    "alg as a number": {"alg": 256},
    "alg as an array": {"alg": ["RS256"]},
    "kid as a number": HEADER | {"kid": 1},
    "kid of null": HEADER | {"kid": None},
    "kid as an array": HEADER | {"kid": ["kA1"]},
    "kid as an object": HEADER | {"kid": {}},
    "typ as a number": HEADER | {"typ": 1},
    "typ of null": HEADER | {"typ": None},
    "crit with an extension that is there": HEADER | {"crit": ["x"], "x": 1},
    **{f"crit of {crit!r}": HEADER | {"crit": crit} for crit in ODD_CRITS},
    **{
        f"the parameter {name}": HEADER | {name: {}}
        for name in ("jwk", "jku", "x5u", "x5c", "b64", "zip", "enc", "epk")
    },
    **{f"the parameter {name} of null": HEADER | {name: None} for name in ("jwk", "b64")},
    "the parameter jwk, with an escape": rb'{"alg":"RS256","\u006awk":{}}',
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_only_three_canonical_segments_are_a_token(text: str) -> None:
    with pytest.raises(MalformedToken):
        take_apart(text)


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_against_the_policy_is_refused(header: dict[str, Any] | bytes) -> None:
    with pytest.raises(MalformedToken):
        take_apart(token(header))


def test_a_refusal_says_nothing_and_its_cause_repeats_nothing() -> None:
    with pytest.raises(MalformedToken) as caught:
        take_apart(token(b'{"alg":"RS256","123456782":NaN}'))
    assert caught.value.detail == "The token was not accepted."
    assert caught.value.private == "header_not_json"


def test_the_header_with_unused_bits_is_good_as_long_as_they_are_zero() -> None:
    assert take_apart(f"{SPACED}.{P}.{S}").alg == "RS256"


def test_a_good_token_comes_apart_into_the_bytes_that_were_signed() -> None:
    assert take_apart(GOOD) == RawToken(f"{H}.{P}".encode(), PAYLOAD, SIGNATURE, "RS256", "kA1", None)


@pytest.mark.parametrize("size", [MAX_HEADER - 4, MAX_HEADER])
def test_a_header_of_a_kilobyte_is_no_reason_to_refuse(size: int) -> None:
    assert len(token(padded_to(size)).partition(".")[0]) == size
    assert take_apart(token(padded_to(size))).kid == "kA1"


def test_a_token_of_eight_kilobytes_is_no_reason_to_refuse() -> None:
    assert len(of_size(MAX_TOKEN)) == MAX_TOKEN
    assert take_apart(of_size(MAX_TOKEN)).alg == "RS256"


@pytest.mark.parametrize("name", ["foo", "x5t", "x5t#S256", "cty", "url", "nonce", "CRIT", "Jwk", "\ud800", ""])
def test_another_header_parameter_is_without_effect(name: str) -> None:
    assert take_apart(with_header(**{name: ["x"]})) == RawToken(
        with_header(**{name: ["x"]}).rpartition(".")[0].encode(), PAYLOAD, SIGNATURE, "RS256", "kA1", None
    )


@pytest.mark.parametrize(
    "kid", ["", "../../dev/null", "' OR 1=1--", "kA1\x00x", "{{7*7}}", "a\r\nb", "\ud800", "x" * 400]
)
def test_any_text_can_be_a_kid_and_is_kept_as_it_is(kid: str) -> None:
    assert take_apart(with_header(kid=kid)).kid == kid


TYPES = {
    "JWT": "jwt",
    "jwt": "jwt",
    "application/JWT": "jwt",
    "APPLICATION/sso+jwt": "sso+jwt",
    "SSO+JWT": "sso+jwt",
    "at+jwt": "at+jwt",
    "application/application/jwt": "application/jwt",
    " jwt": " jwt",
    "": "",
    full_width("JWT"): full_width("jwt"),
}


@pytest.mark.parametrize(("typ", "understood"), TYPES.items())
def test_typ_is_compared_without_case_and_without_application(typ: str, understood: str) -> None:
    assert take_apart(with_header(typ=typ)).typ == understood


PAYLOADS: dict[bytes, str | type[MalformedToken] | None] = {
    b"{}": None,
    b'{"iss":"x"}': "x",
    b'{"iss":null}': MalformedToken,
    b'{"iss":1}': MalformedToken,
    b'{"iss":["x"]}': MalformedToken,
    b'{"iss":"x","iss":"y"}': MalformedToken,
    b'{"iss":"x","\\u0069ss":"y"}': MalformedToken,
    b'{"a":1,"a":2}': MalformedToken,
    b"[]": MalformedToken,
    b"not json": MalformedToken,
    b"\xff": MalformedToken,
    '{"iss":"x"}'.encode("utf-16"): MalformedToken,
    b"\xef\xbb\xbf{}": MalformedToken,
    b"[" * 5_000: MalformedToken,
    b'{"iat":' + b"1" * 5_000 + b"}": MalformedToken,
}


@pytest.mark.parametrize(("payload", "expected"), PAYLOADS.items(), ids=[str(payload[:24]) for payload in PAYLOADS])
def test_the_claimed_iss_is_a_string_in_one_json_object(
    payload: bytes, expected: str | type[MalformedToken] | None
) -> None:
    raw = take_apart(token(payload=payload))
    if isinstance(expected, type):
        with pytest.raises(expected):
            raw.unverified_iss()
    else:
        assert raw.unverified_iss() == expected


SEGMENT = st.text(st.sampled_from(ALPHABET), max_size=12) | st.just(H)
ANY_TEXT = st.text() | st.lists(SEGMENT | st.text(max_size=4), min_size=2, max_size=4).map(".".join)


@given(ANY_TEXT)
def test_any_text_is_refused_or_has_this_one_spelling(text: str) -> None:
    try:
        raw = take_apart(text)
    except MalformedToken:
        return
    signed_header, _dot, signed_payload = raw.signing_input.decode().partition(".")
    again = (base64url.decode(signed_header), base64url.decode(signed_payload), raw.signature)
    assert ".".join(map(base64url.encode, again)) == text
    assert raw.payload == again[1]


@given(
    st.binary(max_size=80) | st.dictionaries(st.text(), st.integers()).map(lambda d: json.dumps(HEADER | d).encode())
)
def test_any_header_is_refused_or_understood(header: bytes) -> None:
    try:
        raw = take_apart(token(header))
    except MalformedToken:
        return
    assert isinstance(raw.alg, str)
    assert json.loads(header)["alg"] == raw.alg


@given(st.binary(max_size=200))
def test_octets_have_one_spelling_in_base64url(octets: bytes) -> None:
    text = base64url.encode(octets)
    assert set(text) <= set(ALPHABET)
    assert base64url.decode(text) == octets


@given(st.text(st.sampled_from(ALPHABET + "+/= \n\té"), max_size=40))
def test_any_text_is_the_one_spelling_of_its_octets_or_refused(text: str) -> None:
    try:
        octets = base64url.decode(text)
    except ValueError:
        return
    assert base64url.encode(octets) == text
