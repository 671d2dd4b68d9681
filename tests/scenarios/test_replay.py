"""A token is accepted once, whoever presents it and however many at once; and a refused one has spent nothing."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, Ehr, flip
from tests.support.launches import one_is_accepted
from tests.support.state import changed, state_of
from tests.support.wire import problem
from tests.support.world import Company, World

AT_ONCE = 50
ROUNDS = 3


async def test_a_replayed_token_is_refused_while_the_first_is_still_accepted(world: World) -> None:
    company = await world.company()
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": fresh_bsn()}))

    first = await company.launch(token)
    before = await state_of(world)
    replays = [await company.launch(token), await company.launch_in_browser(token)]

    assert first.status_code == 200
    problem(replays[0], 401, "token_replayed")
    assert replays[1].status_code == 401
    assert "set-cookie" not in replays[1].headers
    assert not await changed(world, before)


async def test_the_same_jti_in_another_token_is_a_replay(world: World) -> None:
    company = await world.company(alg="ES256")
    first = world.claims(company, sub="profID1")
    second = {**first, "sub": "profID2", "patientInfo": {"bsn": fresh_bsn()}}

    assert (await company.launch(company.ehr.sign(first))).status_code == 200
    problem(await company.launch(company.ehr.sign(second)), 401, "token_replayed")


async def test_a_jti_counts_byte_for_byte(world: World) -> None:
    company = await world.company(alg="ES256")
    for jti in ("abc", "ABC", "a:bc", "abc:", "abc%00", "x" * 256):
        assert (await company.launch(company.ehr.sign(world.claims(company, jti=jti)))).status_code == 200, jti
    problem(await company.launch(company.ehr.sign(world.claims(company, jti="ABC"))), 401, "token_replayed")


async def test_the_same_jti_from_two_companies_are_two_tokens(world: World) -> None:
    linde, brug = await world.company(alg="ES256"), await world.company("Apotheek De Brug", alg="ES256")
    claims = world.claims(linde)
    for company in (linde, brug):
        assert (await company.launch(company.ehr.sign(claims))).status_code == 200
    for company in (linde, brug):
        problem(await company.launch(company.ehr.sign(claims)), 401, "token_replayed")


async def test_of_fifty_simultaneous_presentations_exactly_one_is_accepted(world: World) -> None:
    company = await world.company()
    for _ in range(ROUNDS):
        claims = world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": fresh_bsn()})
        await one_is_accepted(company, [company.ehr.sign(claims)] * AT_ONCE)


async def test_of_fifty_simultaneous_tokens_with_one_jti_exactly_one_is_accepted(world: World) -> None:
    company = await world.company(alg="ES256")
    for _ in range(ROUNDS):
        claims = world.claims(company, sub="profID1")
        other = {**claims, "sub": "profID2", "patientInfo": {"bsn": fresh_bsn()}}
        half = AT_ONCE // 2
        await one_is_accepted(company, [company.ehr.sign(claims)] * half + [company.ehr.sign(other)] * half)


async def test_fifty_different_tokens_of_one_professional_make_one_account(world: World) -> None:
    company = await world.company(alg="ES256")
    bsn = fresh_bsn()
    tokens = [
        company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn})) for _ in range(AT_ONCE)
    ]

    answers = await asyncio.gather(*(company.launch(token) for token in tokens))

    assert {answer.status_code for answer in answers} == {200}
    assert Counter(answer.json()["professional"]["status"] for answer in answers) == {"created": 1, "linked": 49}
    assert len({answer.json()["professional"]["accountId"] for answer in answers}) == 1
    assert len({answer.json()["patient"]["pseudoniem"] for answer in answers}) == 1


Refusal = Callable[[World, Company, dict[str, object]], Awaitable[httpx2.Response]]


async def altered(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(flip(company.ehr.sign(claims), 1))


async def signature_altered(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(flip(company.ehr.sign(claims), 2))


async def signed_by_a_stranger(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(Ehr("ES256").sign(claims, kid=company.ehr.kid))


async def sent_for_another_company(world: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    other = await world.company("Apotheek De Brug", alg="ES256")
    return await company.launch(company.ehr.sign(claims), clientId=other.company_id)


async def expired(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(company.ehr.sign({**claims, "exp": 1}))


async def too_old(world: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(company.ehr.sign({**claims, "iat": world.clock().timestamp() - 301}))


async def for_another_audience(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(company.ehr.sign({**claims, "aud": "https://other.example"}))


async def without_a_sub(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(company.ehr.sign({**claims, "sub": ""}))


async def with_a_bad_bsn(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(company.ehr.sign({**claims, "patientInfo": {"bsn": "000000000"}}))


async def of_an_unknown_relationship(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(company.ehr.sign({**claims, "treatmentRelationshipId": "unknown"}))


async def of_another_patients_relationship(
    world: World, company: Company, claims: dict[str, object]
) -> httpx2.Response:
    first = world.claims(company, treatmentRelationshipId="1532", patientInfo={"bsn": fresh_bsn()})
    assert (await company.launch(company.ehr.sign(first))).status_code == 200
    conflicting = {"treatmentRelationshipId": "1532", "patientInfo": {"bsn": fresh_bsn()}}
    return await company.launch(company.ehr.sign({**claims, **conflicting}))


async def in_the_address(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.client.get("/sso/launch", params={"token": company.ehr.sign(claims)})


async def in_a_body_with_a_stray_member(_: World, company: Company, claims: dict[str, object]) -> httpx2.Response:
    return await company.launch(company.ehr.sign(claims), extra="1")


SPENDING_NOTHING: dict[str, tuple[Refusal, int, str]] = {
    "altered": (altered, 401, "token_rejected"),
    "its signature altered": (signature_altered, 401, "token_rejected"),
    "signed by a stranger": (signed_by_a_stranger, 401, "token_rejected"),
    "sent for another company": (sent_for_another_company, 401, "token_rejected"),
    "expired": (expired, 401, "token_expired"),
    "too old": (too_old, 401, "token_expired"),
    "for another audience": (for_another_audience, 401, "claim_rejected"),
    "without a sub": (without_a_sub, 401, "claim_rejected"),
    "with a bad BSN": (with_a_bad_bsn, 401, "claim_rejected"),
    "of an unknown relationship": (of_an_unknown_relationship, 422, "treatment_relationship_unknown"),
    "of another patient's relationship": (of_another_patients_relationship, 409, "treatment_relationship_conflict"),
    "in the address": (in_the_address, 405, "method_not_allowed"),
    "in a body with a stray member": (in_a_body_with_a_stray_member, 422, "invalid_request"),
}


@pytest.mark.parametrize("case", SPENDING_NOTHING)
async def test_a_token_that_is_refused_has_spent_nothing(world: World, case: str) -> None:
    refusal, status, code = SPENDING_NOTHING[case]
    company = await world.company(alg="ES256")
    claims = world.claims(company, jti=str(uuid.uuid4()))

    for _ in range(2 if case != "of another patient's relationship" else 1):
        problem(await refusal(world, company, claims), status, code)

    token = company.ehr.sign(claims)
    assert (await company.launch(token)).status_code == 200
    problem(await company.launch(token), 401, "token_replayed")
