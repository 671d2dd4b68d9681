"""The identifiers: what is one, what is none, and that a BSN shows itself nowhere."""

import json
import logging
import traceback
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas.base import Rules
from schemas.identifiers import AgbCode, Bsn, Email, Jti
from tests.support.bsns import fresh_bsn, passes
from tests.support.characters import full_width

VALID = "123456782"
RELAXED = Rules(eleven_test=False)

NO_BSN: dict[str, str] = {
    "empty": "",
    "seven digits": "1234567",
    "ten digits": "1234567820",
    "the 11-test fails": "123456780",
    "two digits swapped": "213456782",
    "nine zeros": "000000000",
    "eight zeros": "00000000",
    "a letter": "12345678A",
    "full-width digits": full_width("123456782"),
    "Arabic-Indic digits": "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0662",
    "superscript digits": "12345678²",
    "white space before": " 123456782",
    "a newline after": "123456782\n",
    "dots": "1234.56.782",
    "a sign": "+12345678",
    "NUL": "123456782\x00",
    "half a surrogate pair": "12345678\ud800",
}


@pytest.mark.parametrize("text", NO_BSN.values(), ids=NO_BSN)
def test_what_is_no_bsn_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="a BSN") as caught:
        Bsn(text)
    assert not text.strip() or text not in "".join(traceback.format_exception(caught.value))


def test_only_the_demo_takes_a_number_that_fails_the_eleven_test() -> None:
    assert Bsn("123456780", RELAXED).reveal() == "123456780"
    with pytest.raises(ValueError, match="11-test"):
        Bsn("123456780", Rules())


@pytest.mark.parametrize("text", ["000000000", "00000000", full_width("123456782"), "1234567"])
def test_the_demo_still_wants_eight_or_nine_digits_and_not_zero(text: str) -> None:
    with pytest.raises(ValueError, match="a BSN"):
        Bsn(text, RELAXED)


def test_eight_digits_are_the_same_bsn_as_nine_with_a_zero() -> None:
    eight = next(f"{number:08d}" for number in range(10_000_000, 99_999_999) if passes(f"0{number:08d}"))
    assert Bsn(eight) == Bsn(f"0{eight}")
    assert hash(Bsn(eight)) == hash(Bsn(f"0{eight}"))
    assert Bsn(eight).reveal() == f"0{eight}"


def test_bsns_are_equal_only_to_the_same_bsn() -> None:
    assert Bsn(VALID) == Bsn(VALID)
    assert Bsn(VALID) != Bsn(fresh_bsn())
    assert Bsn(VALID) != VALID


@given(st.integers(min_value=0, max_value=999_999_999))
def test_of_all_nine_digit_numbers_those_that_pass_the_eleven_test_are_bsns(number: int) -> None:
    digits = f"{number:09d}"
    try:
        assert Bsn(digits).reveal() == digits
    except ValueError:
        assert number == 0 or not passes(digits)
    else:
        assert passes(digits)


class Person(BaseModel):
    bsn: Bsn
    friends: list[Bsn] = []


def test_a_bsn_shows_itself_in_no_text_that_is_made_of_it(caplog: pytest.LogCaptureFixture) -> None:
    bsn = Bsn(VALID)
    person = Person(bsn=VALID, friends=[VALID])
    logging.getLogger("test").error("%s %r", bsn, {"bsn": bsn})
    shown = [
        str(bsn),
        repr(bsn),
        f"{bsn}",
        f"{[bsn]}",
        str(person),
        repr(person),
        str(person.model_dump()),
        caplog.text,
    ]
    assert [text for text in shown if VALID in text] == []


def test_a_bsn_cannot_be_written_as_json() -> None:
    with pytest.raises(TypeError):
        json.dumps({"bsn": Bsn(VALID)})
    with pytest.raises(ValueError, match="serialize"):
        Person(bsn=VALID).model_dump_json()


def test_a_bsn_has_no_attributes_to_print_and_none_to_set() -> None:
    bsn = Bsn(VALID)
    assert not hasattr(bsn, "__dict__")
    with pytest.raises(AttributeError):
        bsn.extra = 1  # type: ignore[attr-defined]
    assert deepcopy(bsn) == bsn


@pytest.mark.parametrize("value", [123456782, 123456782.0, None, True, [VALID], {"bsn": VALID}, b"123456782"])
def test_only_a_string_is_a_bsn_in_json(value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"bsn": value})
    assert caught.value.errors()[0]["type"] == "type"


@pytest.mark.parametrize("text", NO_BSN.values(), ids=NO_BSN)
def test_the_rule_that_a_wrong_bsn_breaks_is_named_without_it(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"bsn": text})
    (error,) = caught.value.errors(include_input=False)
    assert error["type"] == "bsn"
    assert len(text) < 7 or text not in str(error)


EMAIL = TypeAdapter[str](Email)
AGB = TypeAdapter[str](AgbCode)
JTI = TypeAdapter[str](Jti)

GOOD: dict[TypeAdapter[str], list[str]] = {
    EMAIL: ["a@b", "john.devries@praktijk.nl", "o'neil+x@a-b.example", "zoë@praktijk.nl", "a@é.nl"],
    AGB: ["01000000", "91234567", "99999999", "00000001"],
    JTI: ["1", "x" * 256, "!~", "a:b|c", "3fa85f64-5717-4562-b3fc-2c963f66afa6"],
}
NO_LOCAL = ["", "a", "@b", "a b@c", "x" * 65 + "@b", '"a"@b', "a\n@b"]
NO_DOMAIN = ["a@", "a@@b", "a@b c", "a@b..c", "a@-b", "a@b-", "a@b\n", "a@" + "b" * 64, "a@b\x00", "a@\ud800"]
BAD: dict[TypeAdapter[str], list[str]] = {
    EMAIL: [*NO_LOCAL, *NO_DOMAIN, "a@" + "b." * 127 + "b"],
    AGB: ["", "1234567", "123456789", "1234567a", full_width("12345678"), "12345678\n", " 12345678", "00000000"],
    JTI: ["", " ", "a b", "\t", "x" * 257, "é", "e\u0301", full_width("1"), "a\x7f", "a\x00", "\ud800", "a\n"],
}


def each(table: dict[TypeAdapter[str], list[str]]) -> list[tuple[TypeAdapter[str], str]]:
    return [(kind, text) for kind, texts in table.items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), each(GOOD))
def test_identifiers_are_kept_as_they_came(kind: TypeAdapter[str], text: str) -> None:
    assert kind.validate_python(text) == text


@pytest.mark.parametrize(("kind", "text"), each(BAD))
def test_what_is_no_such_identifier_is_refused(kind: TypeAdapter[str], text: str) -> None:
    with pytest.raises(ValidationError):
        kind.validate_python(text)


@given(st.text(max_size=300))
def test_a_jti_is_visible_ascii_and_nothing_else(text: str) -> None:
    try:
        JTI.validate_python(text)
    except ValidationError:
        assert not (0 < len(text) <= 256 and all("!" <= character <= "~" for character in text))
    else:
        assert text.isascii()
        assert text.isprintable()
        assert " " not in text
