"""What a token says is shown by names, kinds and lengths: nothing by which a person is known."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sso.verifier.masking import masked, times
from tests.support.ehr import PROFESSIONAL

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["sub", "jti", "iat", "exp", "iss", "aud", "profInfo", "patientInfo", "treatmentRelationshipId"]
)


def lines(**claims: Any) -> list[str]:
    return masked(json.dumps(claims).encode())


def test_a_whole_token_is_shown_without_a_person_in_it() -> None:
    shown = lines(
        sub="profID1241",
        jti="3fa85f64-5717-4562-b3fc-2c963f66afa6",
        iat=SECONDS,
        aud=["https://sso.example"],
        profInfo={**PROFESSIONAL, "agb": "01234567", "123456782": 1},
        patientInfo={"bsn": "123456782", "firstname": "Peter", "lastname": None},
        unknown=1,
    )
    assert shown == [
        "sub: pr…, 10 characters",
        "jti: 3fa8…, 36 characters",
        "iat: a number",
        "aud: an array of 1",
        "profInfo.firstname: 4 characters",
        "profInfo.lastname: 8 characters",
        "profInfo.email: 24 characters",
        "profInfo.agb: 8 digits",
        "profInfo.*: 1 that we do not know",
        "patientInfo.bsn: 9 digits, passes the 11-test: yes",
        "patientInfo.firstname: 5 characters",
        "patientInfo.lastname: null",
        "*: 1 that we do not know",
    ]


@pytest.mark.parametrize(
    ("bsn", "shown"),
    {"123456780": "9 digits", "1": "1 digit", "": "0 characters", "12345678a": "9 characters"}.items(),
)
def test_a_number_that_is_no_bsn_is_said_to_be_none(bsn: str, shown: str) -> None:
    assert lines(patientInfo={"bsn": bsn}) == [f"patientInfo.bsn: {shown}, passes the 11-test: no"]


@pytest.mark.parametrize(
    "text", ["123456782", "John", "j@x.nl", "\x1b]0;x\x07\x1b[31m", "\ud800\ud800\ud800\ud800", ""]
)
def test_of_sub_and_jti_a_quarter_is_shown_at_most_and_nothing_that_steers_a_terminal(text: str) -> None:
    for line in lines(sub=text, jti=text):
        start = line.partition(": ")[2].partition("…")[0]
        assert len(start) <= len(text) // 4
        assert start.isprintable()
        assert start.isascii()


@given(st.dictionaries(NAMES | st.text(max_size=12), JSON, max_size=4), st.sampled_from(["123456782", "999990019"]))
def test_a_bsn_that_is_put_anywhere_is_not_shown(claims: dict[str, Any], bsn: str) -> None:
    anywhere = dict.fromkeys(claims, bsn) | {bsn: claims, "iat": int(bsn), "profInfo": {bsn: bsn, "agb": bsn}}
    for put in (anywhere, {**claims, "patientInfo": {"bsn": bsn, "lastname": f"x{bsn}"}}):
        payload = json.dumps(put).encode()
        assert bsn not in "".join([*masked(payload), *times(payload, NOW)])


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_a_payload_is_it_can_be_shown(payload: bytes) -> None:
    assert masked(payload)
    assert isinstance(times(payload, NOW), list)


TIMES: dict[Any, str] = {
    SECONDS: "0 seconds before our clock",
    SECONDS + 12.4: "12 seconds after our clock",
    SECONDS - 400: "400 seconds before our clock",
    SECONDS - 86_400: "86400 seconds before our clock",
    SECONDS - 86_401: "more than a day ago",
    SECONDS + 86_401: "more than a day ahead",
    123456782: "more than a day ago",
    SECONDS * 1000: "far from our clock: it is in seconds, not in milliseconds",
    10**400: "far from our clock: it is in seconds, not in milliseconds",
    -1e300: "far from our clock: it is in seconds, not in milliseconds",
}


@pytest.mark.parametrize(("iat", "shown"), TIMES.items(), ids=[str(iat)[:20] for iat in TIMES])
def test_a_time_is_shown_as_seconds_from_now(iat: float, shown: str) -> None:
    assert times(json.dumps({"iat": iat, "nbf": True, "exp": "1"}).encode(), NOW) == [f"iat is {shown}"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true or false"),
        (1, "a number"),
        (1.5, "a number"),
        ("x", "1 character"),
        ([1, 2], "an array of 2"),
        ({"x": 1}, "an object"),
    ],
)
def test_a_value_that_is_not_shown_is_shown_by_its_kind(value: object, shown: str) -> None:
    assert lines(iss=value) == [f"iss: {shown}"]


def test_what_says_nothing_is_said_to() -> None:
    assert masked(b"[]") == ["no JSON object"]
    assert lines() == ["nothing that we know"]


def test_each_of_the_three_times_is_shown_and_nothing_else() -> None:
    payload = json.dumps({"exp": SECONDS + 1, "nbf": SECONDS - 1, "iat": SECONDS + 86_401, "auth_time": SECONDS})
    assert times(payload.encode(), NOW) == [
        "iat is more than a day ahead",
        "nbf is 1 seconds before our clock",
        "exp is 1 seconds after our clock",
    ]
