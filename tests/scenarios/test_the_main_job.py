"""From an EHR's signed token to the patient's dossier and consent."""

from datetime import datetime
from uuid import UUID

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.patient import choose, pseudoniem_of
from tests.support.wire import problem, secured
from tests.support.world import Company, World


async def test_a_launch_opens_the_dossier_with_the_permission_as_it_is(world: World) -> None:
    company = await world.company()
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    claims = world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}, treatmentRelationshipId="1532")

    answer = await company.launch(company.ehr.sign(claims))

    assert answer.status_code == 200, answer.text
    context = answer.json()
    assert context["professional"]["status"] == "created"
    assert context["patient"] == {"pseudoniem": dossier["pseudoniem"]}
    assert context["treatmentRelationshipId"] == "1532"
    assert context["dossier"] == {"dossierId": dossier["dossierId"], "permission": "pending"}
    assert context["expiresIn"] == 900


async def test_a_company_registers_asks_a_token_and_follows_a_dossier_from_its_making_to_its_end(world: World) -> None:
    registered = await world.client.post("/company/register", json={"companyName": "Apotheek De Brug"})
    assert registered.status_code == 201
    assert registered.headers["location"] == "/company"
    secret = registered.json()["companySecret"]
    assert registered.json() == {
        "companyId": str(UUID(registered.json()["companyId"])),
        "companyName": "Apotheek De Brug",
        "companySecret": secret,
        "status": "active",
    }
    credentials = {"companyId": registered.json()["companyId"], "companySecret": secret}
    token = (await world.client.post("/auth/token", json=credentials)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    bsn = fresh_bsn()

    made = await world.client.post("/dossier", json={"bsn": bsn}, headers=bearer)
    assert made.status_code == 201
    dossier = made.json()
    assert set(dossier) == {"dossierId", "pseudoniem", "permission", "createdAt"}
    assert dossier["permission"] == "pending"
    assert datetime.fromisoformat(dossier["createdAt"]) == world.clock()
    assert dossier["createdAt"].endswith("Z")
    assert made.headers["location"] == f"/dossier/{dossier['dossierId']}"
    again = await world.client.post("/dossier", json={"bsn": bsn}, headers=bearer)
    assert (again.status_code, again.json()) == (200, dossier)
    assert again.headers["location"] == made.headers["location"]
    assert (await world.client.get(made.headers["location"], headers=bearer)).json() == dossier

    by_path = f"/dossier/{bsn}/permission"
    missing = problem(await world.client.get(by_path, headers=bearer), 403, "consent_missing")
    assert missing["gavePermission"] is False
    await choose(world, bsn, dossier["dossierId"], "approved")
    given = await world.client.get(by_path, headers=bearer)
    assert (given.status_code, given.json()) == (200, {"gavePermission": True})
    assert (await world.client.get(made.headers["location"], headers=bearer)).json()["permission"] == "approved"
    await choose(world, bsn, dossier["dossierId"], "declined")
    declined = problem(await world.client.get(by_path, headers=bearer), 403, "consent_missing")
    assert declined["gavePermission"] is False

    gone = await world.client.delete(f"/dossier/{bsn}", headers=bearer)
    assert (gone.status_code, gone.content) == (204, b"")
    problem(await world.client.delete(f"/dossier/{bsn}", headers=bearer), 404, "not_found")
    problem(await world.client.get(made.headers["location"], headers=bearer), 404, "not_found")


async def test_a_deleted_dossier_takes_its_consent_along_and_a_new_one_starts_pending(world: World) -> None:
    company = await world.company(alg="ES256")
    bsn = fresh_bsn()
    first = (await company.create_dossier(bsn)).json()
    await choose(world, bsn, first["dossierId"], "approved")
    assert (await company.permission(bsn)).status_code == 200

    await world.client.delete(f"/dossier/{bsn}", headers=company.bearer)
    problem(await company.permission(bsn), 403, "consent_missing")
    second = await company.create_dossier(bsn)

    assert second.status_code == 201
    assert second.json()["permission"] == "pending"
    assert second.json()["dossierId"] != first["dossierId"]
    assert second.json()["pseudoniem"] == first["pseudoniem"]
    problem(await company.permission(bsn), 403, "consent_missing")


@pytest.mark.parametrize("made", [False, True], ids=["no dossier", "a dossier without a choice"])
async def test_without_an_approval_there_is_no_permission(world: World, *, made: bool) -> None:
    company = await world.company(alg="ES256")
    bsn = fresh_bsn()
    if made:
        await company.create_dossier(bsn)

    by_path = problem(await company.permission(bsn), 403, "consent_missing")
    by_body = problem(await ask_in_the_body(company, bsn), 403, "consent_missing")

    assert by_path["gavePermission"] is by_body["gavePermission"] is False


async def test_the_permission_can_be_asked_without_a_bsn_in_the_address(world: World) -> None:
    company = await world.company(alg="ES256")
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    await choose(world, bsn, dossier["dossierId"], "approved")

    answer = await ask_in_the_body(company, bsn)

    assert (answer.status_code, answer.json()) == (200, {"gavePermission": True})
    assert answer.headers["cache-control"] == "no-store"
    secured(answer)


async def test_two_companies_see_different_pseudoniemen_of_one_patient_and_each_always_its_own(world: World) -> None:
    linde, brug = await world.company(alg="ES256"), await world.company("Apotheek De Brug", alg="ES256")
    bsn = fresh_bsn()

    seen_by_linde = (await linde.create_dossier(bsn)).json()["pseudoniem"]
    seen_by_brug = (await brug.create_dossier(bsn)).json()["pseudoniem"]
    launched = await linde.launch(linde.ehr.sign(world.claims(linde, patientInfo={"bsn": bsn})))

    assert seen_by_linde != seen_by_brug
    assert launched.json()["patient"]["pseudoniem"] == seen_by_linde
    assert (await linde.create_dossier(bsn)).json()["pseudoniem"] == seen_by_linde
    assert str(await pseudoniem_of(world, bsn)) not in {seen_by_linde, seen_by_brug}


async def test_approving_one_company_gives_another_nothing(world: World) -> None:
    linde, brug = await world.company(alg="ES256"), await world.company("Apotheek De Brug", alg="ES256")
    bsn = fresh_bsn()
    dossier = (await linde.create_dossier(bsn)).json()
    await brug.create_dossier(bsn)

    await choose(world, bsn, dossier["dossierId"], "approved")

    assert (await linde.permission(bsn)).status_code == 200
    problem(await brug.permission(bsn), 403, "consent_missing")


async def test_eight_digits_and_nine_are_one_patient(world: World) -> None:
    company = await world.company(alg="ES256")

    nine = await company.create_dossier("012345672")
    eight = await company.create_dossier("12345672")

    assert (nine.status_code, eight.status_code) == (201, 200)
    assert eight.json() == nine.json()


async def test_the_keys_that_our_tokens_verify_with_are_public(world: World) -> None:
    answer = await world.client.get("/.well-known/jwks.json")

    assert answer.status_code == 200
    assert "max-age=" in answer.headers["cache-control"]
    access, sso = answer.json()["keys"]
    assert set(access) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (access["use"], access["alg"]) == ("sig", "ES256")
    assert set(sso) == {"kty", "n", "e", "kid", "use", "alg"}
    assert (sso["use"], sso["alg"]) == ("sig", "RS256")


async def ask_in_the_body(company: Company, bsn: str) -> httpx2.Response:
    return await company.client.post("/dossier/permission", json={"bsn": bsn}, headers=company.bearer)
