"""The form of a pseudoniem that a company sees: stable for it, and useless to another."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import CompanyId, Pseudoniem
from schemas.pseudoniem import company_form

A, B = CompanyId(uuid4()), CompanyId(uuid4())
PATIENTS = st.uuids().map(Pseudoniem)
COMPANIES = st.uuids().map(CompanyId)


@given(PATIENTS, COMPANIES)
def test_the_same_company_always_sees_the_same_form(patient: Pseudoniem, company: CompanyId) -> None:
    assert company_form(patient, company) == company_form(Pseudoniem(UUID(str(patient))), CompanyId(UUID(str(company))))


@given(PATIENTS, COMPANIES)
def test_the_form_is_a_uuid_of_version_8_and_not_the_pseudoniem(patient: Pseudoniem, company: CompanyId) -> None:
    form = company_form(patient, company)
    assert (form.version, form.variant) == (8, "specified in RFC 4122")
    assert form != patient
    assert form != company


@given(st.tuples(PATIENTS, COMPANIES), st.tuples(PATIENTS, COMPANIES))
def test_two_forms_are_equal_only_for_one_patient_at_one_company(
    one: tuple[Pseudoniem, CompanyId], other: tuple[Pseudoniem, CompanyId]
) -> None:
    assert (company_form(*one) == company_form(*other)) == (one == other)


def test_two_companies_have_no_form_in_common() -> None:
    patients = [Pseudoniem(uuid4()) for _ in range(500)]
    assert not {company_form(patient, A) for patient in patients} & {company_form(patient, B) for patient in patients}


def test_the_form_of_today_is_the_form_of_ever() -> None:
    """Companies keep these in their own records: another way of making them would lose their patients."""
    patient = Pseudoniem(UUID("11111111-2222-4333-8444-555555555555"))
    company = CompanyId(UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6"))
    assert str(company_form(patient, company)) == "3faf52bb-ccc1-815d-b8b2-976c105c2ef7"
