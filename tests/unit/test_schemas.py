"""Bodies and claims: strict about what is known, silent about what came in."""

import json
import sys
import unicodedata
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from common.errors import Fault, InvalidInput
from schemas.base import FilledText, Rules, Schema, is_blank
from schemas.bodies import CompanyRegistration, KeyUpload, LaunchRequest, OfPatient
from schemas.claims import ProfessionalClaims, ProfInfo
from tests.support.bsns import fresh_bsn

LEAST = {"sub": "profID1241", "jti": "3fa85f64", "iat": 1_700_000_000}


def faults(schema: type[Schema], members: dict[str, Any]) -> list[tuple[str, str]]:
    """Return pointer and rule of every fault; empty if there is none."""
    try:
        schema.parse(members, Rules())
    except InvalidInput as error:
        return [(fault.pointer, fault.rule) for fault in error.faults]
    return []


BODIES: list[tuple[str, type[Schema], dict[str, Any], list[tuple[str, str]]]] = [
    ("a good name", CompanyRegistration, {"companyName": "De Linde"}, []),
    ("200 characters", CompanyRegistration, {"companyName": "é" * 200}, []),
    ("201 characters", CompanyRegistration, {"companyName": "é" * 201}, [("/companyName", "too_long")]),
    ("no name", CompanyRegistration, {}, [("/companyName", "missing")]),
    ("null", CompanyRegistration, {"companyName": None}, [("/companyName", "type")]),
    ("a number", CompanyRegistration, {"companyName": 1}, [("/companyName", "type")]),
    ("an array", CompanyRegistration, {"companyName": ["De Linde"]}, [("/companyName", "type")]),
    ("empty", CompanyRegistration, {"companyName": ""}, [("/companyName", "blank")]),
    ("white space", CompanyRegistration, {"companyName": " \t\u00a0"}, [("/companyName", "blank")]),
    ("zero-width characters", CompanyRegistration, {"companyName": "\u200b\ufeff"}, [("/companyName", "blank")]),
    ("NUL", CompanyRegistration, {"companyName": "De\x00Linde"}, [("/companyName", "characters")]),
    ("half a surrogate pair", CompanyRegistration, {"companyName": "De \ud83d"}, [("/companyName", "characters")]),
    ("an emoji", CompanyRegistration, {"companyName": "De Linde 🌳"}, []),
    ("the name in Python", CompanyRegistration, {"company_name": "x"},
     [("/companyName", "missing"), ("/company_name", "unknown_member")]),
    ("an unknown member", CompanyRegistration, {"companyName": "x", "admin": True}, [("/admin", "unknown_member")]),
    ("another case", CompanyRegistration, {"companyname": "x"},
     [("/companyName", "missing"), ("/companyname", "unknown_member")]),
    ("every fault is told", OfPatient, {"bsn": "1", "a": 1, "b": 2},
     [("/bsn", "bsn"), ("/a", "unknown_member"), ("/b", "unknown_member")]),
    ("a surrogate as a name", OfPatient, {"bsn": "123456782", "\ud800": 1}, [("", "characters")]),
    ("a BSN as a number", OfPatient, {"bsn": 123456782}, [("/bsn", "type")]),
    ("a launch with a token alone", LaunchRequest, {"token": "a.b.c"}, []),
    ("a client id of null", LaunchRequest, {"token": "a.b.c", "clientId": None}, [("/clientId", "null")]),
    ("one key", KeyUpload, {"jwk": {"kty": "RSA"}}, []),
    ("no key", KeyUpload, {}, [("", "jwk_or_pem")]),
    ("two keys", KeyUpload, {"jwk": {}, "pem": ""}, [("", "jwk_or_pem")]),
    ("a key of null", KeyUpload, {"jwk": None, "pem": "x"}, [("/jwk", "null")]),
    ("a label of 256 characters", KeyUpload, {"jwk": {}, "label": "x" * 256}, [("/label", "too_long")]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "members", "expected"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_a_body_is_read_strictly(
    schema: type[Schema], members: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(schema, members) == expected


CLAIMS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("the least there is", {}, []),
    ("unknown claims", {"__proto__": {}, "__class__": "x", "constructor": 1, "options": None, "\ud800": 1}, []),
    ("sub of null", {"sub": None}, [("/sub", "type")]),
    ("a blank sub", {"sub": "\u200b "}, [("/sub", "blank")]),
    ("a sub that looks like a BSN", {"sub": "123456782"}, []),
    ("a sub of 256 characters", {"sub": "x" * 256}, [("/sub", "too_long")]),
    ("sub as an array", {"sub": ["profID1241"]}, [("/sub", "type")]),
    ("sub with half a surrogate pair", {"sub": "\ud800"}, [("/sub", "characters")]),
    ("jti as a number", {"jti": 1}, [("/jti", "type")]),
    ("jti with half a surrogate pair", {"jti": "\ud800"}, [("/jti", "format")]),
    ("iat as text", {"iat": "1700000000"}, [("/iat", "type")]),
    ("iat as a boolean", {"iat": True}, [("/iat", "type")]),
    ("iat of null", {"iat": None}, [("/iat", "type")]),
    ("iat with a fraction", {"iat": 1_700_000_000.5}, []),
    ("iat of 4,000 digits", {"iat": 10**4_000}, []),
    ("iat of minus 4,000 digits", {"iat": -(10**4_000)}, []),
    ("exp of null", {"exp": None}, [("/exp", "null")]),
    ("nbf as text", {"nbf": "0"}, [("/nbf", "type")]),
    ("iss of null", {"iss": None}, [("/iss", "null")]),
    ("iss as an array", {"iss": ["x"]}, [("/iss", "type")]),
    ("aud as text", {"aud": "x"}, []),
    ("aud as an array of one", {"aud": ["x"]}, []),
    ("aud as an array of two", {"aud": ["x", "y"]}, [("/aud", "type")]),
    ("aud as an empty array", {"aud": []}, [("/aud", "type")]),
    ("aud as an array in an array", {"aud": [["x"]]}, [("/aud", "type")]),
    ("aud of null", {"aud": None}, [("/aud", "null")]),
    ("a blank relationship", {"treatmentRelationshipId": " "}, [("/treatmentRelationshipId", "blank")]),
    ("profInfo of null", {"profInfo": None}, [("/profInfo", "null")]),
    ("profInfo as an array", {"profInfo": []}, [("/profInfo", "type")]),
    ("an unknown member of profInfo", {"profInfo": {"title": "dr."}}, []),
    ("a first name of null", {"profInfo": {"firstname": None}}, [("/profInfo/firstname", "null")]),
    ("an empty e-mail address", {"profInfo": {"email": ""}}, [("/profInfo/email", "email")]),
    ("an empty AGB code", {"profInfo": {"agb": ""}}, [("/profInfo/agb", "agb")]),
    ("an empty BSN", {"patientInfo": {"bsn": ""}}, [("/patientInfo/bsn", "bsn")]),
    ("a BSN of null", {"patientInfo": {"bsn": None}}, [("/patientInfo/bsn", "null")]),
    ("a long last name", {"patientInfo": {"lastname": "x" * 256}}, [("/patientInfo/lastname", "too_long")]),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in CLAIMS], ids=[row[0] for row in CLAIMS])
def test_claims_that_are_known_are_checked_and_others_ignored(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(ProfessionalClaims, LEAST | changes) == expected


@pytest.mark.parametrize("claim", LEAST)
def test_a_claim_that_is_missing_is_named(claim: str) -> None:
    without = {name: value for name, value in LEAST.items() if name != claim}
    assert faults(ProfessionalClaims, without) == [(f"/{claim}", "missing")]


@pytest.mark.parametrize("empty", ["", " ", "\t\n", "\u00a0"])
def test_an_empty_name_counts_as_absent(empty: str) -> None:
    info = ProfInfo.parse({"firstname": empty, "lastname": empty}, Rules())
    assert (info.firstname, info.lastname) == (None, None)


def test_a_huge_numeric_date_loses_no_digit() -> None:
    assert ProfessionalClaims.parse(LEAST | {"iat": 10**4_000 + 1}, Rules()).iat == 10**4_000 + 1


def test_both_forms_of_one_audience_are_the_same() -> None:
    one, array = (ProfessionalClaims.parse(LEAST | {"aud": aud}, Rules()) for aud in ("x", ["x"]))
    assert one == array


def test_a_refusal_repeats_nothing_of_what_came_in() -> None:
    bsn = fresh_bsn()
    members = {"bsn": f"{bsn}0", bsn: bsn, f"bsn_{bsn}": 1, "x": bsn}
    with pytest.raises(InvalidInput) as caught:
        OfPatient.parse(members, Rules())
    error = caught.value
    assert bsn not in json.dumps([error.detail, error.private, error.members()]) + repr(error)
    assert (error.__cause__, error.__context__) == (None, None)


@given(st.text(max_size=40) | st.from_regex(r"[a-z]?([0-9][_.a-z -]?){8,9}[a-z]?", fullmatch=True))
def test_a_pointer_never_shows_a_name_that_hides_a_bsn(name: str) -> None:
    for pointer, _ in faults(OfPatient, {"bsn": "123456782", name: 1} if name != "bsn" else {}):
        assert sum(character.isdigit() for character in pointer) < 8


@given(st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.lists(st.text())))
def test_any_object_is_a_body_or_is_refused_with_its_faults(members: dict[str, Any]) -> None:
    for schema in (OfPatient, CompanyRegistration, KeyUpload, LaunchRequest, ProfessionalClaims):
        for pointer, rule in faults(schema, members):
            assert pointer == "" or pointer.startswith("/")
            assert rule.replace("_", "").isalpha()


def test_a_fault_says_where_and_which_and_nothing_else() -> None:
    assert set(Fault.__dataclass_fields__) == {"pointer", "rule"}
    assert get_args(Fault) == ()


def test_a_text_is_filled_if_one_character_of_it_can_be_seen_whichever() -> None:
    filled = TypeAdapter[str](FilledText).validator
    for code in range(1, sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in {"Cs", "Cn"}:
            continue  # half a character, or none in this version of Unicode: two libraries may have two versions
        try:
            filled.validate_python(character)
        except ValidationError:
            assert is_blank(character), hex(code)
        else:
            assert not is_blank(character), hex(code)
