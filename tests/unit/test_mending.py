"""Every reason to refuse a launch has a sentence that says how the vendor mends it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import AuthenticTokenRejected, ClaimRejected, Conflict, InvalidInput, ServiceError, TokenRejected
from schemas import base
from schemas.steps import Step
from sso.verifier.flaws import Flaw
from sso.verifier.mending import FLAWS, REFUSALS, RULES, advice, mending_of
from sso.verifier.mending_reference import reference

ROOT = Path(__file__).parents[2]
OF_CLAIMS = ("schemas/base.py", "schemas/claims.py", "schemas/identifiers.py", "sso/verifier/verify.py")
"""Where the rules of a launch token's claims are written out."""

RULE_AT = {"broken": 0, "_matches": 0, "Matching": 1, "ClaimRejected": 1}
"""Which argument of these calls is the rule."""

NEVER = {"unknown_member", "choice", "range", "too_short"}
"""What pydantic can find wrong, and no launch token can have: unknown claims are ignored, none is a choice, none has a
range."""

SENTENCES = [*FLAWS.values(), *RULES.values(), *REFUSALS.values()]


def calls(path: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def rules() -> set[str]:
    written = {
        argument.value
        for path in OF_CLAIMS
        for name, call in calls(path)
        if name in RULE_AT and isinstance(argument := call.args[RULE_AT[name]], ast.Constant)
    }
    return {str(rule) for rule in written} | set(base._RULES.values()) | {"type"}


def narrower(error: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from narrower(kind)


def test_every_rule_of_a_claim_has_a_sentence_and_every_sentence_a_rule() -> None:
    assert len(rules()) > 15
    assert set(RULES) == rules() - NEVER


def test_every_flaw_has_a_sentence() -> None:
    assert set(FLAWS) == set(Flaw)


def test_where_no_key_fits_a_vendor_reads_where_uploaded_and_published_keys_are_shown() -> None:
    sentence = FLAWS[Flaw.NO_FITTING_KEY].sentence
    assert "GET /company/keys" in sentence
    assert "GET /company/jwks-uri" in sentence


def test_every_flaw_is_raised_somewhere_and_no_token_is_refused_for_a_flaw_that_is_none() -> None:
    kinds = {"MalformedToken", "UntrustedIssuer", "UnknownKey", "BadSignature", "TokenRejected"}
    raised = set[str]()
    for path in (path.relative_to(ROOT) for package in ("sso", "services") for path in (ROOT / package).rglob("*.py")):
        for name, call in calls(str(path)):
            for argument in call.args if name in kinds | {"_text"} else []:
                if isinstance(argument, ast.Attribute) and ast.unparse(argument).startswith("Flaw."):
                    raised.add(argument.attr)
                elif name in kinds:
                    assert ast.unparse(argument) == "flaw", f"{path}: {ast.unparse(call)}"
    assert raised | {"HEADER_VALUE"} == set(Flaw.__members__)  # which is what `_text` says unless told otherwise


def test_every_other_refusal_of_a_launch_has_a_sentence() -> None:
    after_the_signature = set(narrower(AuthenticTokenRejected)) - {ClaimRejected}
    relationships = {
        kind
        for error in (Conflict, InvalidInput)
        for kind in narrower(error)
        if kind.__name__.startswith("TreatmentRelationship")
    }
    assert set(REFUSALS) == after_the_signature | relationships


@pytest.mark.parametrize("mending", SENTENCES, ids=lambda mending: mending.sentence[:30])
def test_a_sentence_is_one_that_can_be_read_and_no_other_cause_has_it(mending: object) -> None:
    sentence = getattr(mending, "sentence", "")
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert "|" not in sentence
    assert [other.sentence for other in SENTENCES].count(sentence) == 1


def test_every_step_can_fail() -> None:
    assert {mending.step for mending in SENTENCES} == set(Step)


def test_what_a_launch_answers_alike_fails_no_later_than_the_signature() -> None:
    steps = list(Step)
    until, after = steps[: steps.index(Step.SIGNATURE) + 1], steps[steps.index(Step.CLAIMS) :]
    assert all(mending.step in until for mending in FLAWS.values())
    assert all(mending.step in after for mending in (*RULES.values(), *REFUSALS.values()))


def test_a_claim_is_named_and_nothing_else_of_a_refusal_is() -> None:
    assert advice(ClaimRejected("patientInfo.bsn", "bsn")).startswith(
        "The claim patientInfo.bsn does not keep the rule"
    )
    assert advice(TokenRejected(Flaw.OTHER_ALG)) == FLAWS[Flaw.OTHER_ALG].sentence
    assert mending_of(ClaimRejected("", "json")).step is Step.CLAIMS


def test_the_committed_page_is_what_the_sentences_make() -> None:
    page = ROOT / "docs" / "launch-errors.md"
    assert page.read_text() == reference(), "run `make docs`"
