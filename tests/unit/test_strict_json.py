"""JSON is read one way only (RFC 8259, RFC 7493): what a second parser could read otherwise is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.strict_json import DuplicateMember, NotJson, parse, parse_object

SECRET = "123456782"

NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" ",
    "two values": b"{}{}",
    "text after the value": b"{} x",
    "single quotes": b"{'a': 1}",
    "a trailing comma": b'{"a": 1,}',
    "a comment": b"{} // x",
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"[-Infinity]",
    "a float out of range": b"[1e999]",
    "a negative float out of range": b"[-1e999]",
    "5,000 digits": b"1" * 5_000,
    "a leading zero": b"[01]",
    "a control character in a string": b'["\x01"]',
    "an unknown escape": rb'["\x41"]',
    "half an escape": rb'["\u12"]',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16 with a mark": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without one": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32-be"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "an overlong encoding": b'["\xc0\xaf"]',
    "a surrogate in UTF-8": b'["\xed\xa0\x80"]',
    "100,000 arrays": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a bracket never closed": b"[" * 100_000,
}

DUPLICATES: dict[str, bytes] = {
    "side by side": b'{"jti": "x", "jti": "y"}',
    "equal values": b'{"jti": "x", "jti": "x"}',
    "one spelled with an escape": rb'{"jti": "x", "\u006ati": "y"}',
    "deep inside": b'{"a": [{"b": {"c": 1, "c": 2}}]}',
    "empty names": b'{"": 1, "": 2}',
}

OTHER_KINDS: dict[str, bytes] = {
    "an array": b"[]", "a string": b'"{}"', "a number": b"1", "null": b"null", "true": b"true"
}  # fmt: skip


@pytest.mark.parametrize("data", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(NotJson):
        parse(data)


@pytest.mark.parametrize("data", DUPLICATES.values(), ids=DUPLICATES)
def test_a_member_given_twice_is_refused(data: bytes) -> None:
    with pytest.raises(DuplicateMember):
        parse(data)


@pytest.mark.parametrize("data", OTHER_KINDS.values(), ids=OTHER_KINDS)
def test_another_kind_of_value_is_no_object(data: bytes) -> None:
    parse(data)
    with pytest.raises(NotJson):
        parse_object(data)


@pytest.mark.parametrize("data", [f'{{"bsn": {SECRET}, }}', f'{{"{SECRET}": 1, "{SECRET}": 2}}', f"[{SECRET}e999]"])
def test_a_refusal_does_not_repeat_the_text(data: str) -> None:
    with pytest.raises(NotJson) as caught:
        parse(data.encode())
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or SECRET not in repr(caught.value.__context__)


def test_names_that_differ_in_case_or_normalisation_are_different_members() -> None:
    text = '{"a": 1, "A": 2, "\u00e9": 3, "e\u0301": 4}'
    assert parse_object(text.encode()) == {"a": 1, "A": 2, "\u00e9": 3, "e\u0301": 4}


def test_an_integer_of_4_300_digits_keeps_them_all() -> None:
    assert parse(b"[-1" + b"0" * 4_299 + b"]") == [-(10**4_299)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(VALUES, st.booleans())
def test_what_the_standard_library_writes_is_read_back(value: object, ascii_only: bool) -> None:  # noqa: FBT001
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")) == value


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_octets_are_json_or_refused(data: bytes) -> None:
    try:
        value = parse(data)
    except NotJson:
        return
    assert parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[NaN]", "NaN and Infinity are not JSON"),
        (b"[1e999]", "a number is out of range"),
        (b'{"a":1,"a":1}', "a member is given twice"),
        (b"[]", "not an object"),
        (b"\xff", "UnicodeDecodeError"),
        (b"{", "JSONDecodeError"),
    ],
)
def test_the_log_is_told_which_rule_was_broken_and_nothing_of_the_text(data: bytes, why: str) -> None:
    with pytest.raises(NotJson) as caught:
        parse_object(data)
    assert str(caught.value) == why
