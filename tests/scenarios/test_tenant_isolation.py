"""What one company has, another neither sees nor changes; it is not even told that it is there."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, Ehr
from tests.support.patient import choose
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request, session_of
from tests.support.world import Company, World


@dataclass(frozen=True)
class Two:
    """Company A with a dossier that its patient approved, and a relationship; company B with nothing."""

    a: Company
    b: Company
    bsn: str
    dossier_id: str
    launch: dict[str, Any]


@pytest.fixture
async def two(world: World) -> Two:
    a, b = await world.company(alg="ES256"), await world.company("Apotheek De Brug", alg="ES256")
    bsn = fresh_bsn()
    dossier_id = (await a.create_dossier(bsn)).json()["dossierId"]
    await choose(world, bsn, dossier_id, "approved")
    launched = await a.launch(
        a.ehr.sign(world.claims(a, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}, treatmentRelationshipId="1532"))
    )
    return Two(a, b, bsn, dossier_id, launched.json())


async def test_anothers_dossier_is_as_absent_as_none(two: Two) -> None:
    client, bearer = two.b.client, two.b.bearer
    told = [
        same_but_for_the_request(problem(await client.get(f"/dossier/{one}", headers=bearer), 404, "not_found"))
        for one in (two.dossier_id, uuid.uuid4(), "x", two.launch["launchId"])
    ]
    assert told == [told[0]] * len(told)
    assert (await client.get(f"/dossier/{two.dossier_id}", headers=two.a.bearer)).status_code == 200


async def test_a_company_without_a_dossier_has_no_permission_and_nothing_to_delete(world: World, two: Two) -> None:
    before = await state_of(world)
    of_a_patient = same_but_for_the_request(problem(await two.b.permission(two.bsn), 403, "consent_missing"))
    of_nobody = same_but_for_the_request(problem(await two.b.permission(fresh_bsn()), 403, "consent_missing"))
    assert of_a_patient == of_nobody
    deleted = await world.client.delete(f"/dossier/{two.bsn}", headers=two.b.bearer)
    problem(deleted, 404, "not_found")
    assert not await changed(world, before)
    assert (await two.a.permission(two.bsn)).status_code == 200


async def test_deleting_ones_own_dossier_leaves_the_others(world: World, two: Two) -> None:
    mine = (await two.b.create_dossier(two.bsn)).json()
    assert mine["dossierId"] != two.dossier_id
    assert mine["permission"] == "pending"
    await choose(world, two.bsn, mine["dossierId"], "declined")

    assert (await two.a.permission(two.bsn)).status_code == 200
    assert (await world.client.delete(f"/dossier/{two.bsn}", headers=two.b.bearer)).status_code == 204
    assert (await two.a.permission(two.bsn)).status_code == 200


async def test_a_body_or_an_address_cannot_name_another_company(world: World, two: Two) -> None:
    before = await state_of(world)
    body = {"bsn": fresh_bsn(), "companyId": two.a.company_id}
    for path in ("/dossier", "/dossier/permission"):
        problem(await world.client.post(path, json=body, headers=two.b.bearer), 422, "invalid_request")
    path = f"/dossier/{two.bsn}/permission"
    for name in ("companyId", "company", "company[]"):
        answer = await world.client.get(path, params={name: two.a.company_id}, headers=two.b.bearer)
        problem(answer, 403, "consent_missing")
    assert not await changed(world, before)


async def test_anothers_keys_are_neither_listed_nor_revoked(world: World, two: Two) -> None:
    before = await state_of(world)
    kids = {item["kid"] for item in (await world.client.get("/company/keys", headers=two.b.bearer)).json()["items"]}
    assert kids == {two.b.ehr.kid}
    told = [
        same_but_for_the_request(
            problem(await world.client.delete(f"/company/keys/{kid}", headers=two.b.bearer), 404, "not_found")
        )
        for kid in (two.a.ehr.kid, Ehr("ES256").kid)
    ]
    assert told[0] == told[1]
    assert not await changed(world, before)
    assert (await two.a.launch(two.a.ehr.sign(world.claims(two.a)))).status_code == 200


@pytest.mark.parametrize("claimed", ["clientId", "iss", "kid", "clientId and kid", "iss and kid"])
async def test_no_key_signs_for_another_company(world: World, two: Two, claimed: str) -> None:
    before = await state_of(world)
    claims = world.claims(two.b, **({"iss": two.a.company_id} if "iss" in claimed else {}))
    token = two.b.ehr.sign(claims, **({"kid": two.a.ehr.kid} if "kid" in claimed else {}))
    beside = {"clientId": two.a.company_id} if "clientId" in claimed else {}
    problem(await two.b.launch(token, **beside), 401, "token_rejected")
    assert not await changed(world, before)


async def test_a_token_sent_for_the_wrong_company_is_good_for_the_right_one(world: World, two: Two) -> None:
    token = two.a.ehr.sign(world.claims(two.a))
    problem(await two.b.launch(token, clientId=two.b.company_id), 401, "token_rejected")
    assert (await two.a.launch(token, clientId=two.a.company_id)).status_code == 200


async def test_a_relationship_id_is_each_companys_own(world: World, two: Two) -> None:
    unknown = two.b.ehr.sign(world.claims(two.b, treatmentRelationshipId="1532"))
    problem(await two.b.launch(unknown), 422, "treatment_relationship_unknown")
    other_patient = {"treatmentRelationshipId": "1532", "patientInfo": {"bsn": fresh_bsn()}}
    assert (await two.b.launch(two.b.ehr.sign(world.claims(two.b, **other_patient)))).status_code == 200
    mine = await two.a.launch(two.a.ehr.sign(world.claims(two.a, treatmentRelationshipId="1532")))
    assert mine.json()["patient"] == two.launch["patient"]


async def test_a_launch_shows_the_launching_company_only(world: World, two: Two) -> None:
    agb = f"{uuid.uuid4().int % 10**8:08d}"
    info = {"profInfo": {**PROFESSIONAL, "agb": agb}, "patientInfo": {"bsn": two.bsn}}
    of_a = (await two.a.launch(two.a.ehr.sign(world.claims(two.a, **info)))).json()
    of_b = (await two.b.launch(two.b.ehr.sign(world.claims(two.b, **info)))).json()

    assert of_b["professional"]["accountId"] == of_a["professional"]["accountId"]  # one person, by AGB code
    assert of_b["dossier"] is None
    assert of_b["treatmentRelationshipId"] != of_a["treatmentRelationshipId"]
    assert of_b["patient"]["pseudoniem"] != of_a["patient"]["pseudoniem"]


async def test_a_launch_at_another_company_replaces_the_session_and_keeps_nothing_of_it(world: World, two: Two) -> None:
    agb = f"{uuid.uuid4().int % 10**8:08d}"
    info = {"profInfo": {**PROFESSIONAL, "agb": agb}, "patientInfo": {"bsn": two.bsn}}
    old = session_of(await two.a.launch_in_browser(two.a.ehr.sign(world.claims(two.a, **info))))
    form = {"token": two.b.ehr.sign(world.claims(two.b, profInfo={"agb": agb}))}
    new = session_of(await world.client.post("/sso/launch", data=form, headers={"Accept": "text/html", **old}))

    context = (await world.client.get("/sso/session", headers=new)).json()
    assert context["company"]["companyId"] == two.b.company_id
    assert (context["patient"], context["dossier"], context["treatmentRelationshipId"]) == (None, None, None)
    problem(await world.client.get("/sso/session", headers=old), 401, "not_authenticated")
