"""A company without a key of its own has us sign its SSO token; it is verified and spent like any other."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.support.audit import said_of
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, flip
from tests.support.wire import problem
from tests.support.world import Company, World


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def signed(company: Company, **contents: Any) -> httpx2.Response:
    return await company.client.post(
        "/auth/token/professional", json={"sub": "prof1", **contents}, headers=company.bearer
    )


async def test_a_token_that_we_signed_launches_once(company: Company) -> None:
    bsn = fresh_bsn()
    answer = await signed(
        company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn, "firstname": "Peter"}, treatmentRelationshipId="1532"
    )
    assert (answer.status_code, answer.json()["expiresIn"]) == (201, 300)

    launch = await company.launch(answer.json()["token"])

    assert launch.status_code == 200, launch.text
    assert launch.json()["company"]["companyId"] == company.company_id
    assert launch.json()["professional"]["status"] == "created"
    assert launch.json()["treatmentRelationshipId"] == "1532"
    problem(await company.launch(answer.json()["token"]), 401, "token_replayed")


async def test_the_company_that_we_wrote_into_it_is_the_only_one_it_is_good_for(world: World, company: Company) -> None:
    other = await world.company(alg="ES256")
    token = (await signed(company)).json()["token"]
    for named in (other.company_id, str(uuid4()), "nobody"):  # who is there, nobody learns
        refused = problem(await company.launch(token, clientId=named), 401, "claim_rejected")
        assert (refused["claim"], refused["rule"]) == ("iss", "signer")
    assert "launch.refused" not in {event["event"] for event in await said_of(world, other.company_id)}
    refusals = [event for event in await said_of(world, company.company_id) if event["event"] == "launch.refused"]
    assert len(refusals) == 3
    problem(await company.launch(flip(token, 1)), 401, "token_rejected")
    assert (await company.launch(token, clientId=company.company_id)).status_code == 200


async def test_our_own_keys_are_nobodys_to_register(world: World, company: Company) -> None:
    for key in (await world.client.get("/.well-known/jwks.json")).json()["keys"]:
        answer = await world.client.post("/company/keys", json={"jwk": key}, headers=company.bearer)
        assert problem(answer, 422, "key_rejected")["reason"] == "another_company"


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no sub": ({"sub": None}, "/sub", "type"),
    "a blank sub": ({"sub": " "}, "/sub", "blank"),
    "an invalid BSN": ({"patientInfo": {"bsn": "1"}}, "/patientInfo/bsn", "bsn"),
    "an invalid AGB code": ({"profInfo": {"agb": "1"}}, "/profInfo/agb", "agb"),
    "an unknown member": ({"role": "doctor"}, "/role", "unknown_member"),
    "an unknown member within": ({"patientInfo": {"age": 4}}, "/patientInfo/age", "unknown_member"),
}


@pytest.mark.parametrize(("contents", "pointer", "rule"), BAD.values(), ids=BAD)
async def test_what_is_wrong_is_not_signed(company: Company, contents: dict[str, Any], pointer: str, rule: str) -> None:
    refused = problem(await signed(company, **contents), 422, "invalid_request")
    assert refused["errors"] == [{"pointer": pointer, "rule": rule}]


async def test_signing_needs_its_scope(company: Company) -> None:
    narrow = (await company.fetch_token(scope="dossier:read")).json()["access_token"]
    answer = await company.client.post(
        "/auth/token/professional", json={"sub": "prof1"}, headers={"Authorization": f"Bearer {narrow}"}
    )
    problem(answer, 403, "permission_denied")


async def test_a_token_that_no_launch_would_take_is_not_signed(company: Company) -> None:
    own = problem(await signed(company, sub=company.company_id), 422, "invalid_request")
    assert own["errors"] == [{"pointer": "/sub", "rule": "client_assertion"}]
    wide = "\U0001f600" * 255
    names = {"firstname": wide, "lastname": wide}
    answer = await signed(company, sub=wide, treatmentRelationshipId=wide, profInfo=names, patientInfo=names)
    assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": "", "rule": "too_long"}]
