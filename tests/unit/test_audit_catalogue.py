"""Nothing but identifiers, figures and words of ours gets into an event: no BSN, no name, no token."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.audit.catalogue import CATALOGUE
from common.audit.events import EventType
from common.audit.fields import KINDS
from common.audit.kinds import OTHER, SERVICE, Kind, address_text, known, service_name, words
from common.audit.reference import reference
from common.audit.words import CAUSES, CLAIMS, LANGUAGES, RULES
from common.errors import ServiceError
from schemas.base import Schema
from schemas.claims import CompanyClaims, LaunchClaims, ProfessionalClaims, ProfInfo
from tests.support.ehr import Ehr
from website.language import Language

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
EVENTS = pytest.mark.parametrize("event", CATALOGUE.values(), ids=lambda event: event.name)
FIELDS = pytest.mark.parametrize("name", KINDS)

BSNS = st.from_regex(r"[0-9]{8,9}", fullmatch=True)
TOKENS = st.from_regex(r"ey[A-Za-z0-9_-]{10,80}\.[A-Za-z0-9_-]{10,80}\.[A-Za-z0-9_-]{10,80}", fullmatch=True)
FREE = st.from_regex(r"[A-Za-z]{1,20}( [A-Za-z'-]{1,20}){1,3}", fullmatch=True)
ADDRESSES = st.emails()
AROUND_A_BSN = st.tuples(st.text(max_size=20), BSNS, st.text(max_size=13)).map("".join)


def accepts(kind: Kind, value: object) -> bool:
    try:
        kind.encode(value)
    except (TypeError, ValueError):
        return False
    return True


@settings(max_examples=500)
@given(text=st.one_of(BSNS, TOKENS, FREE, ADDRESSES, AROUND_A_BSN))
def test_no_field_of_any_event_takes_a_bsn_a_token_a_name_or_an_address(text: str) -> None:
    assert [name for name, kind in KINDS.items() if accepts(kind, text)] == []


@given(number=st.integers(min_value=10_000_000, max_value=999_999_999))
def test_no_field_takes_a_bsn_as_a_number(number: int) -> None:
    assert [name for name, kind in KINDS.items() if accepts(kind, number) or accepts(kind, float(number))] == []


@given(text=BSNS)
def test_what_a_field_refuses_is_not_repeated(text: str) -> None:
    for kind in KINDS.values():
        with pytest.raises((TypeError, ValueError)) as caught:
            kind.encode(text)
        assert text not in str(caught.value)


@FIELDS
def test_a_field_refuses_what_only_looks_like_its_value(name: str) -> None:
    wrong: list[object] = [
        "",
        "x" * 41,
        str(uuid4()),
        uuid4().hex,
        b"x" * 31,
        -1,
        10**6 + 1,
        1.0,
        [],
        {},
        "A" * 42,
        "1",
    ]
    assert [value for value in wrong if accepts(KINDS[name], value)] == []


@EVENTS
def test_a_field_that_is_not_on_the_list_is_a_wrong_call(event: EventType) -> None:
    for name in ("bsn", "sub", "token", "email", *(KINDS.keys() - event.fields.keys())):
        with pytest.raises(TypeError):
            event(NOW, **{name: None})


@EVENTS
def test_an_event_keeps_what_it_is_given_and_leaves_out_what_there_is_not(event: EventType) -> None:
    assert event(NOW, **dict.fromkeys(event.fields)).fields == {}
    given_values = {name: example(kind) for name, kind in event.fields.items()}
    assert event(NOW, **given_values).fields.keys() == event.fields.keys()


def example(kind: Kind) -> Any:
    candidates = [
        uuid4(),
        b"x" * 32,
        Ehr("ES256").kid,
        3,
        True,
        "dossier",
        OTHER,
        "created",
        "active",
        "approved",
        "nl",
        "pending",
        "access",
        "own_company",
    ]
    return next(value for value in candidates if accepts(kind, value))


@EVENTS
def test_an_event_can_be_kept_and_read(event: EventType) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event.name)
    assert len(event.name) <= 40
    assert event.meaning.endswith(".")
    assert event.fields


def test_the_languages_are_those_of_the_pages() -> None:
    assert set(LANGUAGES) == set(Language)


def test_no_word_has_a_digit() -> None:
    assert not [word for word in CAUSES | CLAIMS | RULES if re.search(r"\d", word) or len(word) > 40]
    with pytest.raises(ValueError, match="letters"):
        words("approved", "123456782")


@given(text=st.text(max_size=60))
def test_a_word_from_elsewhere_is_one_of_ours_or_other(text: str) -> None:
    assert known(text, RULES) in RULES
    assert accepts(KINDS["rule"], known(text, RULES))


@given(text=st.one_of(st.text(max_size=60), BSNS, TOKENS))
def test_a_services_name_is_never_a_wrong_call(text: str) -> None:
    assert accepts(SERVICE, service_name(text))
    assert not re.search(r"\d", service_name(text))


ADDRESS_TEXTS = {
    "192.0.2.1": "192.0.2.1",
    "2001:DB8::0001": "2001:db8::1",
    "fe80::1%eth0": OTHER,
    "fe80::1%123456782": OTHER,
    "123456782": OTHER,
    "192.0.2.1:443": OTHER,
    "unknown": OTHER,
    "": OTHER,
    "John de Vries": OTHER,
    "\ud800": OTHER,
}


@pytest.mark.parametrize(("text", "kept"), ADDRESS_TEXTS.items())
def test_an_address_is_one_or_other(text: str, kept: str) -> None:
    assert address_text(text) == kept


@given(text=st.one_of(st.text(), AROUND_A_BSN, BSNS, FREE))
def test_no_text_that_a_proxy_passes_on_is_kept_as_an_address(text: str) -> None:
    assert address_text(text) == OTHER or re.fullmatch(r"[0-9a-f:.]{2,45}", address_text(text))


def errors(of: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    for narrower in of.__subclasses__():
        yield narrower
        yield from errors(narrower)


NOT_DECISIONS = {
    "InvalidInput", "MalformedBody", "DuplicateParameter", "UnknownHost", "BodyTooLarge", "BodyTooSlow",
    "UnsupportedMediaType", "MethodNotAllowed", "Unavailable", "InternalFault",
}  # fmt: skip


def test_every_refusal_that_there_is_has_a_cause() -> None:
    names = {error.__name__: re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower() for error in errors()}
    assert {name for name, cause in names.items() if cause not in CAUSES} == NOT_DECISIONS


def test_every_claim_that_there_is_has_a_word() -> None:
    assert {*paths(ProfessionalClaims), *paths(CompanyClaims), *paths(LaunchClaims)} == CLAIMS - {OTHER}


def paths(schema: type[Schema], before: str = "") -> Iterator[str]:
    for name, field in schema.model_fields.items():
        path = before + (field.alias or name)
        yield path
        inner = {"prof_info": ProfInfo}.get(name) or getattr(field.annotation, "__args__", [None])[0]
        if isinstance(inner, type) and issubclass(inner, Schema):
            yield from paths(inner, f"{path}.")


RULE_AT = {"broken": 0, "KeyRejected": 0, "ClaimRejected": 1}
"""Which argument of these calls is the rule."""


def test_every_rule_in_the_code_has_a_word() -> None:
    paths = (path for package in ("schemas", "keys", "sso") for path in (ROOT / package).rglob("*.py"))
    found = {rule for path in paths for node in ast.walk(ast.parse(path.read_text())) for rule in rules_of(node)}
    assert len(found) > 20
    assert found <= RULES


def rules_of(node: ast.AST) -> Iterator[str]:
    """Yield the rule that a call names, where it is written out."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RULE_AT:
        rule = node.args[RULE_AT[node.func.id]]
        if isinstance(rule, ast.Constant):
            yield str(rule.value)


def test_the_committed_page_is_what_the_catalogue_makes() -> None:
    page = ROOT / "docs" / "audit.md"
    assert page.read_text() == reference(), "run `make docs`"
