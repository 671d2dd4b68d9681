"""Who may see what, and why: the rule as a table, and that one thing and all that can be reached are judged alike."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.audit.words import CAUSES, GROUNDS
from dossier.access import Allowed, Caller, Ground, Held, Kind, Refusal, Refused, decide, reach
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem

A, B = CompanyId(UUID(int=1)), CompanyId(UUID(int=2))
PATIENT, OTHER = Pseudoniem(UUID(int=3)), Pseudoniem(UUID(int=4))
COMPANY = CompanyCaller(A)
LAUNCH = LaunchCaller(A, LaunchId(UUID(int=9)), PATIENT)
WITHOUT_PATIENT = LaunchCaller(A, LaunchId(UUID(int=9)), None)

OWN, RELATIONSHIP = Allowed(Ground.OWN_COMPANY), Allowed(Ground.TREATMENT_RELATIONSHIP)
TABLE: list[tuple[Caller, Held | None, Allowed | Refused]] = [
    (COMPANY, None, Refused(Refusal.NOT_FOUND)),
    (COMPANY, Held(Kind.GROUP, A), OWN),
    (COMPANY, Held(Kind.GROUP, B), Refused(Refusal.ANOTHER_COMPANY)),
    (COMPANY, Held(Kind.CONSENT_DOSSIER, A, PATIENT), OWN),
    (COMPANY, Held(Kind.CONSENT_DOSSIER, B, PATIENT), Refused(Refusal.ANOTHER_COMPANY)),
    (COMPANY, Held(Kind.GROUP_DOSSIER, A, PATIENT), OWN),
    (COMPANY, Held(Kind.GROUP_DOSSIER, A), OWN),
    (COMPANY, Held(Kind.GROUP_DOSSIER, B), Refused(Refusal.ANOTHER_COMPANY)),
    (LAUNCH, None, Refused(Refusal.NOT_FOUND)),
    (LAUNCH, Held(Kind.GROUP, A), OWN),
    (LAUNCH, Held(Kind.GROUP, B), Refused(Refusal.ANOTHER_COMPANY)),
    (LAUNCH, Held(Kind.CONSENT_DOSSIER, A, PATIENT), RELATIONSHIP),
    (LAUNCH, Held(Kind.CONSENT_DOSSIER, A, OTHER), Refused(Refusal.ANOTHER_PATIENT)),
    (LAUNCH, Held(Kind.CONSENT_DOSSIER, B, PATIENT), Refused(Refusal.ANOTHER_COMPANY)),
    (LAUNCH, Held(Kind.GROUP_DOSSIER, A, PATIENT), RELATIONSHIP),
    (LAUNCH, Held(Kind.GROUP_DOSSIER, A, OTHER), Refused(Refusal.ANOTHER_PATIENT)),
    (LAUNCH, Held(Kind.GROUP_DOSSIER, A), Refused(Refusal.NOT_LINKED)),
    (LAUNCH, Held(Kind.GROUP_DOSSIER, B, PATIENT), Refused(Refusal.ANOTHER_COMPANY)),
    (WITHOUT_PATIENT, Held(Kind.GROUP, A), OWN),
    (WITHOUT_PATIENT, Held(Kind.CONSENT_DOSSIER, A, PATIENT), Refused(Refusal.NO_TREATMENT_RELATIONSHIP)),
    (WITHOUT_PATIENT, Held(Kind.GROUP_DOSSIER, A, PATIENT), Refused(Refusal.NO_TREATMENT_RELATIONSHIP)),
    (WITHOUT_PATIENT, Held(Kind.GROUP_DOSSIER, A), Refused(Refusal.NO_TREATMENT_RELATIONSHIP)),
    (WITHOUT_PATIENT, Held(Kind.GROUP_DOSSIER, B), Refused(Refusal.ANOTHER_COMPANY)),
]
COMPANIES, PATIENTS = st.sampled_from([A, B]), st.sampled_from([PATIENT, OTHER, None])
CALLERS = st.one_of(
    st.builds(CompanyCaller, COMPANIES), st.builds(LaunchCaller, COMPANIES, st.just(LAUNCH.launch_id), PATIENTS)
)
HELD = st.builds(Held, st.sampled_from(Kind), COMPANIES, PATIENTS)


@pytest.mark.parametrize(("caller", "held", "decision"), TABLE, ids=str)
def test_what_is_allowed_and_why(caller: Caller, held: Held | None, decision: Allowed | Refused) -> None:
    assert decide(caller, held) == decision


@given(caller=CALLERS, held=HELD)
def test_one_thing_is_allowed_exactly_if_a_list_would_find_it(caller: Caller, held: Held) -> None:
    within = reach(caller, held.kind)
    found = held.company_id == within.company_id and (within.patients is None or held.pseudoniem in within.patients)
    decision = decide(caller, held)
    assert isinstance(decision, Allowed) == found
    if found:
        assert decision.because is within.ground


@given(caller=CALLERS, held=HELD)
def test_nobody_sees_anything_of_another_company(caller: Caller, held: Held) -> None:
    allowed = isinstance(decide(caller, held), Allowed)
    assert not allowed or held.company_id == caller.company_id


def test_every_reason_is_a_word_of_the_audit_and_in_the_table() -> None:
    assert set(Ground) == set(GROUNDS)
    assert set(Refusal) <= CAUSES
    assert {decision.because for _, _, decision in TABLE} == {*Ground, *Refusal}
