"""Which treatment relationship a launch is in, and with which patient."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.races import at_once
from tests.support.state import changed, state_of
from tests.support.wire import problem
from tests.support.world import Company, World


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def launched(world: World, company: Company, **claims: Any) -> dict[str, Any]:
    """Return the context of a launch by a professional who has an account."""
    complete = {"profInfo": PROFESSIONAL, **claims}
    answer = await company.launch(company.ehr.sign(world.claims(company, **complete)))
    assert answer.status_code == 200, answer.text
    context: dict[str, Any] = answer.json()
    return context


async def test_with_neither_id_nor_bsn_a_launch_has_no_patient(world: World, company: Company) -> None:
    for patient in (None, {}, {"firstname": "An"}):
        context = await launched(world, company, patientInfo=patient)
        assert (context["patient"], context["treatmentRelationshipId"], context["dossier"]) == (None, None, None)
        assert context["accessToken"]


async def test_an_id_with_a_bsn_names_a_relationship_that_the_id_alone_opens_afterwards(
    world: World, company: Company
) -> None:
    bsn = fresh_bsn()
    named = await launched(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": bsn})
    for claims in ({}, {"sub": "colleague"}, {"patientInfo": {"bsn": bsn}}, {"patientInfo": {"firstname": "An"}}):
        context = await launched(world, company, treatmentRelationshipId="1532", **claims)
        assert context["treatmentRelationshipId"] == "1532"
        assert context["patient"] == named["patient"]


async def test_an_id_that_nobody_has_named_is_unknown_until_somebody_does(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company, treatmentRelationshipId="1532"))
    before = await state_of(world)
    for _ in range(2):
        problem(await company.launch(token), 422, "treatment_relationship_unknown")
    assert not await changed(world, before)

    named = await launched(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": fresh_bsn()})

    answer = await company.launch(token)
    assert answer.status_code == 200
    assert answer.json()["patient"] == named["patient"]
    problem(await company.launch(token), 401, "token_replayed")


async def test_an_id_is_of_one_patient_and_a_conflict_has_spent_nothing(world: World, company: Company) -> None:
    mine, other = fresh_bsn(), fresh_bsn()
    await launched(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": mine})
    claims = world.claims(company, treatmentRelationshipId="1532", patientInfo={"bsn": other})
    before = await state_of(world)
    for _ in range(2):
        problem(await company.launch(company.ehr.sign(claims)), 409, "treatment_relationship_conflict")
    assert not await changed(world, before)  # not even a pseudoniem for the other patient

    corrected = {**claims, "patientInfo": {"bsn": mine}}

    assert (await company.launch(company.ehr.sign(corrected))).status_code == 200
    problem(await company.launch(company.ehr.sign(corrected)), 401, "token_replayed")


async def test_a_bsn_alone_makes_a_relationship_once_for_each_professional(world: World, company: Company) -> None:
    patient = {"bsn": fresh_bsn()}
    first, again = [await launched(world, company, patientInfo=patient) for _ in range(2)]
    colleague = await launched(
        world, company, sub="colleague", patientInfo=patient, profInfo={**PROFESSIONAL, "firstname": "An"}
    )
    assert UUID(first["treatmentRelationshipId"])
    assert again["treatmentRelationshipId"] == first["treatmentRelationshipId"]
    assert colleague["treatmentRelationshipId"] != first["treatmentRelationshipId"]
    assert colleague["patient"] == first["patient"]


async def test_a_bsn_alone_opens_the_relationship_that_the_professional_joined_last(
    world: World, company: Company
) -> None:
    patient = {"bsn": fresh_bsn()}
    try:
        for name in ("first", "second", "first"):
            await launched(world, company, treatmentRelationshipId=name, patientInfo=patient)
            world.clock.forward(seconds=1)
        await launched(world, company, treatmentRelationshipId="other", patientInfo={"bsn": fresh_bsn()})
        context = await launched(world, company, patientInfo=patient)
        assert context["treatmentRelationshipId"] == "first"
    finally:
        world.clock.forward(seconds=-3)


async def test_a_relationship_can_be_joined_with_the_id_that_was_generated(world: World, company: Company) -> None:
    generated = await launched(world, company, patientInfo={"bsn": fresh_bsn()})
    colleague = await launched(
        world, company, sub="colleague", treatmentRelationshipId=generated["treatmentRelationshipId"]
    )
    assert colleague["patient"] == generated["patient"]


async def test_an_id_is_compared_as_it_is_written(world: World, company: Company) -> None:
    await launched(world, company, treatmentRelationshipId="a1", patientInfo={"bsn": fresh_bsn()})
    for other in ("A1", " a1", "a1 ", "a%31", "\uff41\uff11"):
        token = company.ehr.sign(world.claims(company, treatmentRelationshipId=other))
        problem(await company.launch(token), 422, "treatment_relationship_unknown")


async def test_of_simultaneous_launches_of_two_patients_under_one_id_one_patient_wins(
    world: World, company: Company
) -> None:
    patients = [fresh_bsn() for _ in range(10)]
    claims = [
        world.claims(company, treatmentRelationshipId="1532", patientInfo={"bsn": bsn}, profInfo=PROFESSIONAL)
        for bsn in patients
    ]
    answers = await asyncio.gather(*(company.launch(company.ehr.sign(one)) for one in claims))

    accepted = [answer for answer in answers if answer.status_code == 200]
    assert len(accepted) == 1
    for answer in answers:
        if answer is not accepted[0]:
            problem(answer, 409, "treatment_relationship_conflict")
    context = await launched(world, company, treatmentRelationshipId="1532")
    assert context["patient"] == accepted[0].json()["patient"]


@pytest.mark.parametrize("round_number", range(2))
@pytest.mark.alone
async def test_launches_with_and_without_an_agb_code_at_once_all_come_in(
    world: World, company: Company, round_number: int
) -> None:
    bsn = fresh_bsn()
    shared = {"sub": f"prof{round_number}", "treatmentRelationshipId": "7", "patientInfo": {"bsn": bsn}}
    await launched(world, company, **shared)  # an account without a code, in the relationship
    agb = f"{int(bsn) % 10**8:08d}"

    async def launch(number: int) -> int:
        told = {**PROFESSIONAL, "agb": agb} if number % 2 else PROFESSIONAL
        claims = world.claims(company, profInfo=told, **shared)
        return (await company.launch(company.ehr.sign(claims))).status_code

    assert await at_once(40, launch) == [200] * 40
