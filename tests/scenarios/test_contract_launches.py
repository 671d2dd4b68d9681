"""What a launch shows and to whom: the patient's names, the dossiers of a relationship, and the tab that is open."""

import uuid
from typing import Any

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.wire import session_of
from tests.support.world import PAGE, Company, World

PATIENT = {"firstname": "Bartje", "lastname": "Bartels", "email": "bartje@example.nl"}


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def browse(
    world: World, company: Company, cookie: dict[str, str] | None = None, info: dict[str, str] | None = None
) -> httpx2.Response:
    """Launch in a browser, which may have a session already; `info` is told of the patient besides a BSN."""
    claims = world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": fresh_bsn(), **(info or {})})
    form = {"token": company.ehr.sign(claims)}
    answer = await world.client.post("/sso/launch", data=form, headers={**PAGE, **(cookie or {})})
    assert answer.status_code == 303, answer.text
    return answer


async def test_the_patients_names_are_on_the_launch_page_and_gone_with_the_session(
    world: World, company: Company
) -> None:
    opened = await browse(world, company, info=PATIENT)
    cookie = session_of(opened)
    address = opened.headers["location"]

    page = await world.client.get(address, headers={**PAGE, **cookie})
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "Bartje Bartels" in page.text
    assert PATIENT["email"] in page.text
    context = await world.client.get("/sso/session", headers=cookie)
    assert not [value for value in PATIENT.values() if value in context.text]

    await world.client.delete("/sso/session", headers=cookie)
    for headers in ({**PAGE, **cookie}, PAGE):
        gone = await world.client.get(address, headers=headers)
        assert gone.status_code == 401
        assert "Bartels" not in gone.text


async def test_what_the_first_tab_posts_is_a_conflict_once_a_second_has_another_patient_open(
    world: World, company: Company
) -> None:
    first = await browse(world, company)
    second = await browse(world, company, session_of(first))
    cookie = session_of(second)
    form = {"csrfToken": "of the first tab"}
    refused = await world.client.post(f"{first.headers['location']}/leave", data=form, headers={**PAGE, **cookie})
    assert refused.status_code == 409
    assert "other_patient_open" in refused.text
    assert "set-cookie" not in refused.headers
    assert (await world.client.get(second.headers["location"], headers={**PAGE, **cookie})).status_code == 200


async def launched(world: World, company: Company, **claims: Any) -> dict[str, Any]:
    """Return the context of a launch."""
    answer = await company.launch(company.ehr.sign(world.claims(company, **claims)))
    assert answer.status_code == 200, answer.text
    context: dict[str, Any] = answer.json()
    return context


async def test_who_shares_a_relationship_sees_the_same_dossiers(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    await company.create_dossier(fresh_bsn())
    colleague = {"firstname": "An", "lastname": "Smit", "email": "an.smit@praktijk.nl"}
    named = {"treatmentRelationshipId": "1532"}
    mine = await launched(world, company, **named, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn})
    theirs = await launched(world, company, **named, sub="colleague", profInfo=colleague)

    assert mine["professional"]["accountId"] != theirs["professional"]["accountId"]
    assert mine["dossier"] == theirs["dossier"] == {"dossierId": dossier["dossierId"], "permission": "pending"}
    for context in (mine, theirs):
        bearer = {"Authorization": f"Bearer {context['accessToken']}"}
        assert (await world.client.get("/dossier", headers=bearer)).json()["items"] == [dossier]


async def test_a_thousand_permissions_can_be_asked_at_once(world: World, company: Company) -> None:
    bsns = [fresh_bsn() for _ in range(1000)]
    answer = await world.client.post("/dossier/permissions", json={"bsns": bsns}, headers=company.bearer)
    assert answer.status_code == 200
    assert answer.json() == {"results": [{"gavePermission": False}] * 1000}


@pytest.mark.parametrize("length", [1, 200])
async def test_a_company_name_has_up_to_two_hundred_characters_and_is_nobodys_alone(world: World, length: int) -> None:
    made = [await world.client.post("/company/register", json={"companyName": "é" * length}) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert len({answer.json()["companyId"] for answer in made}) == 2
    assert len({answer.json()["companySecret"] for answer in made}) == 2


async def test_names_match_an_account_that_another_company_made_once_it_is_linked_here(
    world: World, company: Company
) -> None:
    elsewhere = await world.company("Apotheek De Brug", alg="ES256")
    agb = f"{uuid.uuid4().int % 10**8:08d}"
    made = (await launched(world, elsewhere, profInfo={**PROFESSIONAL, "agb": agb}))["professional"]
    before = (await launched(world, company, sub="one", profInfo={"agb": agb}))["professional"]
    by_name = (await launched(world, company, sub="two", profInfo=PROFESSIONAL))["professional"]
    assert (made["status"], before["status"], by_name["status"]) == ("created", "matched", "matched")
    assert made["accountId"] == before["accountId"] == by_name["accountId"]
