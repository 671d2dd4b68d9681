"""Which account a professional comes in on: a table over everything that can be known."""

from itertools import product
from uuid import uuid4

import pytest

from identity.professionals.matching import Candidates, Named, compared, complete, decide
from schemas.base import Rules
from schemas.claims import ProfInfo
from schemas.facts import Admission
from schemas.identifiers import AccountId
from tests.support.characters import full_width
from tests.support.ehr import PROFESSIONAL

BY_AGB, BY_NAME, LATER, NEW = (AccountId(uuid4()) for _ in range(4))


def info(**members: str) -> ProfInfo:
    return ProfInfo.parse(members, Rules())


ALL = info(**PROFESSIONAL)
CODE, OTHER_CODE = "01000001", "01000002"
AGB = info(agb=CODE)
ALL_AND_AGB = info(**PROFESSIONAL, agb=CODE)
NAMED, NAMED_LATER = (Named(BY_NAME),), (Named(BY_NAME), Named(LATER))
LACKING = {
    missing: info(**{name: text for name, text in PROFESSIONAL.items() if name != missing}) for missing in PROFESSIONAL
}

CASES: dict[str, tuple[Candidates, ProfInfo, Admission]] = {
    "nothing known, nothing said": (Candidates(), info(), Admission(None, "registration_required")),
    "nothing known, all said": (Candidates(), ALL, Admission(NEW, "created")),
    "an AGB code alone makes no account": (Candidates(), AGB, Admission(None, "registration_required")),
    "known by AGB code, nothing else said": (Candidates(by_agb=BY_AGB), AGB, Admission(BY_AGB, "matched")),
    "known by name": (Candidates(by_name=NAMED), ALL, Admission(BY_NAME, "matched")),
    "the AGB code goes before the name": (Candidates(BY_AGB, NAMED), ALL, Admission(BY_AGB, "matched")),
    "of two by name the one that was linked first": (
        Candidates(by_name=NAMED_LATER), ALL, Admission(BY_NAME, "matched")
    ),
    "by name, a code is told and the account has none": (
        Candidates(by_name=NAMED), ALL_AND_AGB, Admission(BY_NAME, "matched")
    ),
    "by name, the account has a code and none is told": (
        Candidates(by_name=[Named(BY_NAME, CODE)]), ALL, Admission(BY_NAME, "matched")
    ),
    "by name, both have the same code": (
        Candidates(by_name=[Named(BY_NAME, CODE)]), ALL_AND_AGB, Admission(BY_NAME, "matched")
    ),
    "by name, but with another AGB code it is somebody else": (
        Candidates(by_name=[Named(BY_NAME, OTHER_CODE)]), ALL_AND_AGB, Admission(NEW, "created")
    ),
    "who has another code is passed over for who has none": (
        Candidates(by_name=[Named(BY_NAME, OTHER_CODE), Named(LATER)]), ALL_AND_AGB, Admission(LATER, "matched")
    ),
    "by AGB code, and by name somebody with another": (
        Candidates(BY_AGB, [Named(BY_NAME, OTHER_CODE)]), ALL_AND_AGB, Admission(BY_AGB, "matched")
    ),
    "refused by name": (
        Candidates(by_name=NAMED, refused=frozenset({BY_NAME})), ALL, Admission(NEW, "created")
    ),
    "refused by name, and there is another": (
        Candidates(by_name=NAMED_LATER, refused=frozenset({BY_NAME})), ALL, Admission(LATER, "matched")
    ),
    "refused by AGB code": (
        Candidates(by_agb=BY_AGB, refused=frozenset({BY_AGB})), ALL_AND_AGB, Admission(NEW, "created")
    ),
    "refused by AGB code, and there is one by name": (
        Candidates(BY_AGB, NAMED, frozenset({BY_AGB})), ALL_AND_AGB, Admission(BY_NAME, "matched")
    ),
    "refused by AGB code, and nothing else said": (
        Candidates(by_agb=BY_AGB, refused=frozenset({BY_AGB})), AGB, Admission(None, "registration_required")
    ),
    "somebody else was refused": (
        Candidates(BY_AGB, NAMED, frozenset({LATER})), ALL_AND_AGB, Admission(BY_AGB, "matched")
    ),
    **{
        f"without {missing} there is neither a match by name nor an account": (
            Candidates(by_name=NAMED), said, Admission(None, "registration_required")
        )
        for missing, said in LACKING.items()
    },
    "an empty name counts as absent": (
        Candidates(), info(**(PROFESSIONAL | {"firstname": " "})), Admission(None, "registration_required")
    ),
}  # fmt: skip


@pytest.mark.parametrize(("known", "said", "expected"), CASES.values(), ids=CASES)
def test_the_surest_account_is_chosen(known: Candidates, said: ProfInfo, expected: Admission) -> None:
    assert decide(known, said, NEW) == expected


@pytest.mark.parametrize(
    "known",
    [
        Candidates(*found)
        for found in product((None, BY_AGB), ((), NAMED), (frozenset(), frozenset({BY_AGB}), frozenset({BY_NAME})))
    ],
)
@pytest.mark.parametrize("said", [ALL, info(), AGB, ALL_AND_AGB])
def test_there_is_an_account_exactly_if_no_registration_is_required(known: Candidates, said: ProfInfo) -> None:
    admission = decide(known, said, NEW)
    assert (admission.account_id is None) == (admission.status == "registration_required")
    assert (admission.account_id == NEW) == (admission.status == "created")
    assert admission.account_id not in known.refused


@pytest.mark.parametrize("missing", PROFESSIONAL)
def test_all_three_fields_make_a_professional_complete(missing: str) -> None:
    assert complete(ALL)
    assert not complete(LACKING[missing])


SAME = {
    "case": ("de Vries", "DE VRIES"),
    "the sharp s": ("Groß", "GROSS"),
    "composition": ("Zo\u00eb", "Zoe\u0308"),
    "compatibility forms": ("John", full_width("John")),
    "a ligature": ("\ufb01ts", "Fits"),
    "white space around": ("John", " John "),
    "final sigma": ("ΣΊΣΥΦΟΣ", "σίσυφος"),
}
OTHER = {
    "diacritics": ("Zoë", "Zoe"),
    "white space inside": ("de Vries", "deVries"),
    "hyphens": ("Jan-Piet", "Jan Piet"),
    "letters that look alike": ("Jan", "J\u0430n"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_names_are_compared_without_case_and_in_one_spelling(one: str, other: str) -> None:
    assert compared(info(firstname=one)) == compared(info(firstname=other))


@pytest.mark.parametrize(("one", "other"), OTHER.values(), ids=OTHER)
def test_other_names_stay_other_names(one: str, other: str) -> None:
    assert compared(info(firstname=one)) != compared(info(firstname=other))


def test_first_and_last_name_do_not_change_places() -> None:
    assert compared(info(firstname="Jan", lastname="Piet")) != compared(info(firstname="Piet", lastname="Jan"))
