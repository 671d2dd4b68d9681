"""Each sentence of the seed `sso-token.txt`, as a token that is launched."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.wire import problem
from tests.support.world import Company, World

EXAMPLE: dict[str, Any] = {
    "sub": "profID1241",
    "profInfo": {"firstname": "John", "lastname": "de Vries", "email": "john.devries@praktijk.nl"},
    "treatmentRelationshipId": "1532",
    "patientInfo": {"bsn": "426308505", "firstname": "Peter", "lastname": "de Mol", "email": "peter@gmail.com"},
}
"""The example, without the two claims that are another's each time: `jti` and `iat`."""

OPTIONAL = ["treatmentRelationshipId", "profInfo", "patientInfo"]


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company()


async def launched(world: World, company: Company, **claims: Any) -> dict[str, Any]:
    """Return the context of a launch."""
    answer = await company.launch(company.ehr.sign(world.claims(company, **claims)))
    assert answer.status_code == 200, answer.text
    context: dict[str, Any] = answer.json()
    return context


async def refused(world: World, company: Company, **claims: Any) -> tuple[str, str]:
    """Return the claim that a token is refused for, and the rule that it breaks."""
    answer = await company.launch(company.ehr.sign(world.claims(company, **claims)))
    members = problem(answer, 401, "claim_rejected")
    return members["claim"], members["rule"]


def agb() -> str:
    return f"91{uuid4().int % 10**6:06d}"


async def test_the_example_launches(world: World, company: Company) -> None:
    context = await launched(world, company, **EXAMPLE)
    professional = context["professional"]
    assert (professional["sub"], professional["status"]) == ("profID1241", "created")
    assert context["treatmentRelationshipId"] == "1532"
    assert context["patient"]["pseudoniem"]
    assert context["accessToken"]


@pytest.mark.parametrize("claim", ["sub", "jti", "iat"])
async def test_sub_jti_and_iat_are_there_once(world: World, company: Company, claim: str) -> None:
    assert await refused(world, company, **{**EXAMPLE, claim: None}) == (claim, "missing")


@pytest.mark.parametrize("missing", OPTIONAL)
async def test_the_other_claims_can_be_left_out(world: World, company: Company, missing: str) -> None:
    await launched(world, company, **EXAMPLE)  # so that the relationship is known
    await launched(world, company, **{**EXAMPLE, missing: None})
    await launched(world, company, **{claim: EXAMPLE[claim] for claim in ("sub", missing)})


async def test_sub_and_the_relationship_are_strings_and_iat_is_a_number(world: World, company: Company) -> None:
    for claim, wrong in (("sub", 1241), ("treatmentRelationshipId", 1532), ("jti", 1), ("iat", "1516239022")):
        assert await refused(world, company, **{**EXAMPLE, claim: wrong}) == (claim, "type")


async def test_sub_is_the_unique_identifier_for_the_professional(world: World, company: Company) -> None:
    first = (await launched(world, company, **EXAMPLE))["professional"]
    again = (await launched(world, company, sub="profID1241"))["professional"]
    other = (await launched(world, company, sub="profID1242"))["professional"]
    assert (again["status"], again["accountId"]) == ("linked", first["accountId"])
    assert other["status"] == "registration_required"


async def test_jti_is_the_unique_identifier_for_this_specific_jwt(world: World, company: Company) -> None:
    jti = str(uuid4())
    await launched(world, company, **EXAMPLE, jti=jti)
    again = company.ehr.sign(world.claims(company, **EXAMPLE, jti=jti))
    problem(await company.launch(again), 401, "token_replayed")
    await launched(world, company, **EXAMPLE, jti=str(uuid4()))


async def test_a_uuid_is_recommended_as_jti_and_another_text_is_taken(world: World, company: Company) -> None:
    await launched(world, company, **EXAMPLE, jti=f"launch:{uuid4().hex}")


async def test_iat_is_when_the_jwt_was_created_in_unix_time(world: World, company: Company) -> None:
    now = int(world.clock().timestamp())
    await launched(world, company, **EXAMPLE, iat=now - 300)
    old = company.ehr.sign(world.claims(company, **EXAMPLE, iat=1516239022))
    problem(await company.launch(old), 401, "token_expired")
    assert await refused(world, company, **EXAMPLE, iat=now * 1000) == ("iat", "future")


async def test_the_relationship_is_between_this_professional_and_the_patient(world: World, company: Company) -> None:
    first = await launched(world, company, **EXAMPLE)
    colleague = {"sub": "profID7", "profInfo": {**PROFESSIONAL, "firstname": "An"}}
    shared = await launched(world, company, **colleague, treatmentRelationshipId="1532")
    assert shared["patient"] == first["patient"]
    another = company.ehr.sign(world.claims(company, **{**EXAMPLE, "patientInfo": {"bsn": fresh_bsn()}}))
    problem(await company.launch(another), 409, "treatment_relationship_conflict")


async def test_there_is_a_patient_if_any(world: World, company: Company) -> None:
    context = await launched(world, company, sub="profID1241", profInfo=PROFESSIONAL)
    assert (context["patient"], context["treatmentRelationshipId"]) == (None, None)


@pytest.mark.parametrize("field", ["firstname", "lastname", "email", "agb"])
async def test_each_field_of_prof_info_can_be_left_out(world: World, company: Company, field: str) -> None:
    told = {**PROFESSIONAL, "agb": agb()}
    await launched(world, company, sub="one", profInfo={name: text for name, text in told.items() if name != field})
    await launched(world, company, sub="two", profInfo={field: told[field]})


@pytest.mark.parametrize("field", ["bsn", "firstname", "lastname", "email"])
async def test_each_field_of_patient_info_can_be_left_out(world: World, company: Company, field: str) -> None:
    told = {**EXAMPLE["patientInfo"], "bsn": fresh_bsn()}
    for patient in ({name: text for name, text in told.items() if name != field}, {field: told[field]}):
        context = await launched(world, company, sub="profID1241", patientInfo=patient)
        assert (context["patient"] is not None) == ("bsn" in patient)


async def test_if_the_agb_field_is_provided_the_professional_is_matched_to_their_existing_account(
    world: World, company: Company
) -> None:
    other, code = await world.company("Apotheek De Brug", alg="ES256"), agb()
    existing = (await launched(world, other, sub="x", profInfo={**PROFESSIONAL, "agb": code}))["professional"]
    matched = (await launched(world, company, sub="y", profInfo={"agb": code}))["professional"]
    assert (matched["status"], matched["accountId"]) == ("matched", existing["accountId"])


async def test_if_they_have_one(world: World, company: Company) -> None:
    professional = (await launched(world, company, sub="y", profInfo={"agb": agb()}))["professional"]
    assert professional["status"] == "registration_required"


async def test_if_firstname_lastname_and_email_are_all_filled_in_an_account_is_created(
    world: World, company: Company
) -> None:
    for missing in PROFESSIONAL:
        told = {name: "" if name == missing != "email" else text for name, text in PROFESSIONAL.items()}
        if missing == "email":
            del told["email"]
        professional = (await launched(world, company, sub=missing, profInfo=told))["professional"]
        assert professional["status"] == "registration_required"
    assert (await launched(world, company, sub="all", profInfo=PROFESSIONAL))["professional"]["status"] == "created"


async def test_if_they_do_not_already_have_one(world: World, company: Company) -> None:
    first = (await launched(world, company, sub="one", profInfo=PROFESSIONAL))["professional"]
    shouted = {name: text.upper() for name, text in PROFESSIONAL.items()}
    other = (await launched(world, company, sub="two", profInfo=shouted))["professional"]
    assert (other["status"], other["accountId"]) == ("matched", first["accountId"])


async def test_this_saves_steps_for_the_professional(world: World, company: Company) -> None:
    """There is nothing to register: the launch opens at once."""
    context = await launched(world, company, **EXAMPLE)
    assert "registrationUrl" not in context["professional"]
    assert context["accessToken"]


async def test_if_the_bsn_or_the_relationship_is_provided_it_is_the_right_patient(
    world: World, company: Company
) -> None:
    bsn = fresh_bsn()
    by_both = await launched(
        world, company, sub="one", treatmentRelationshipId="1532", patientInfo={"bsn": bsn}, profInfo=PROFESSIONAL
    )
    by_bsn = await launched(world, company, sub="one", patientInfo={"bsn": bsn})
    by_relationship = await launched(world, company, sub="one", treatmentRelationshipId="1532")
    assert by_bsn["patient"] == by_relationship["patient"] == by_both["patient"]
    assert (await launched(world, company, sub="one", patientInfo={"bsn": fresh_bsn()}))["patient"] != by_bsn["patient"]


async def test_the_patients_own_names_and_email_make_no_account(world: World, company: Company) -> None:
    """The seed repeats its sentence on the professional's account beside the patient: it is the professional's."""
    professional = (await launched(world, company, sub="y", patientInfo=EXAMPLE["patientInfo"]))["professional"]
    assert (professional["status"], professional["accountId"]) == ("registration_required", None)
