"""A company sees its treatment relationships and ends them; with one ends what its launches opened."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest

from identity.page import cursor_of
from tests.support.audit import said
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.patient import choose
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request, session_of
from tests.support.world import PAGE, Company, World

LIST = "/api/v1/treatment_relationships"
ODD = ["a/b", "/", "a b", "%2F", "\u00eb\U0001f600", "A", "a", "?x=1#y", "<b>", "' OR 1=1--", "//a/../b", "x" * 255]


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def launched(world: World, company: Company, **claims: Any) -> dict[str, Any]:
    """Return the context of a launch by a professional who has an account."""
    token = company.ehr.sign(world.claims(company, **{"profInfo": PROFESSIONAL, **claims}))
    answer = await company.launch(token)
    assert answer.status_code == 200, answer.text
    context: dict[str, Any] = answer.json()
    return context


async def browse(world: World, company: Company, **claims: Any) -> tuple[str, dict[str, str]]:
    """Launch in a browser; return the page of the launch and the header with which the browser comes back."""
    token = company.ehr.sign(world.claims(company, **{"profInfo": PROFESSIONAL, **claims}))
    answer = await company.launch_in_browser(token)
    return answer.headers["location"], session_of(answer)


async def ask(company: Company, method: str, name: str) -> httpx2.Response:
    return await company.client.request(method, f"{LIST}/{quote(name, safe='')}", headers=company.bearer)


async def seen_with(world: World, context: dict[str, Any]) -> httpx2.Response:
    """Return what the launch's access token shows."""
    return await world.client.get("/dossier", headers={"Authorization": f"Bearer {context['accessToken']}"})


async def test_a_company_sees_its_relationships_and_of_the_patient_its_own_form_alone(
    world: World, company: Company
) -> None:
    assert (await company.client.get(LIST, headers=company.bearer)).json() == []
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    context = await launched(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": bsn})
    made = world.clock()

    listed = await company.client.get(LIST, headers=company.bearer)

    (relationship,) = listed.json()
    created_at = relationship["created_at"]
    assert relationship == {"id": "1532", "pseudoniem": dossier["pseudoniem"], "created_at": created_at}
    assert relationship["pseudoniem"] == context["patient"]["pseudoniem"]
    assert created_at.endswith("Z")
    assert created_at[:19] == made.isoformat()[:19]
    assert "link" not in listed.headers
    assert listed.headers["cache-control"] == "no-store"
    shown = await ask(company, "GET", "1532")
    assert shown.json() == relationship
    assert [event["event"] for event in await said(world, listed, shown)] == [
        "relationships.listed", "relationship.shown"
    ]  # fmt: skip


async def test_a_generated_id_is_in_the_list_too(world: World, company: Company) -> None:
    context = await launched(world, company, patientInfo={"bsn": fresh_bsn()})
    (relationship,) = (await company.client.get(LIST, headers=company.bearer)).json()
    assert relationship["id"] == context["treatmentRelationshipId"]
    assert UUID(relationship["id"])


async def test_an_id_can_be_any_text_in_the_list_in_the_path_and_in_a_cursor(world: World, company: Company) -> None:
    for name in ODD:
        await launched(world, company, treatmentRelationshipId=name, patientInfo={"bsn": fresh_bsn()})
    listed: list[str] = []
    path: str | None = f"{LIST}?limit=5"
    while path:
        page = await company.client.get(path, headers=company.bearer)
        listed += [relationship["id"] for relationship in page.json()]
        path = page.links["next"]["url"] if "link" in page.headers else None
    assert sorted(listed) == sorted(ODD)

    for name in ODD:
        assert (await ask(company, "GET", name)).json()["id"] == name
        assert (await ask(company, "DELETE", name)).status_code == 204
        problem(await ask(company, "GET", name), 404, "not_found")
    assert (await company.client.get(LIST, headers=company.bearer)).json() == []


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "limit=", "cursor=%21", "cursor=AA", "cursor=gA"])
async def test_a_page_that_cannot_be_is_said_so(company: Company, query: str) -> None:
    answer = await company.client.get(f"{LIST}?{query}", headers=company.bearer)
    assert answer.status_code == 422, answer.text
    twice = await company.client.get(f"{LIST}?{query}&{query}", headers=company.bearer)
    problem(twice, 400, "duplicate_parameter")


async def test_anothers_relationship_is_as_absent_as_none(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    await launched(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": fresh_bsn()})
    before = await state_of(world)
    told = [
        same_but_for_the_request(problem(await ask(other, method, name), 404, "not_found"))
        for method in ("GET", "DELETE")
        for name in ("1532", "1533", "\x00", "x" * 256, " ", "")
    ]
    assert told == [told[0]] * len(told)
    assert not await changed(world, before)
    for after in ("", "1", "1531"):
        page = await other.client.get(LIST, params={"cursor": cursor_of(after)}, headers=other.bearer)
        assert page.json() == []
    assert (await ask(company, "GET", "1532")).status_code == 200


async def test_with_a_relationship_ends_what_its_launches_opened_and_nothing_else(
    world: World, company: Company
) -> None:
    patient = {"bsn": fresh_bsn()}
    await company.create_dossier(patient["bsn"])
    page, cookie = await browse(world, company, treatmentRelationshipId="1532", patientInfo=patient)
    mine = await launched(world, company, treatmentRelationshipId="1532")
    colleagues = await launched(
        world, company, sub="colleague", treatmentRelationshipId="1532", profInfo={**PROFESSIONAL, "firstname": "An"}
    )
    others = await launched(world, company, treatmentRelationshipId="1533", patientInfo=patient)
    without = await launched(world, company)
    assert (await world.client.get("/sso/session", headers=cookie)).status_code == 200

    ended = await ask(company, "DELETE", "1532")

    assert (ended.status_code, ended.content) == (204, b"")
    for context in (mine, colleagues):
        refused = await seen_with(world, context)
        problem(refused, 401, "not_authenticated")
        assert 'error="invalid_token"' in refused.headers["www-authenticate"]
        (event,) = await said(world, refused)
        assert (event["event"], event["cause"], event["launch_id"]) == (
            "bearer.refused", "launch_ended", context["launchId"]
        )  # fmt: skip
    for method in ("GET", "DELETE"):
        answer = await world.client.request(method, "/sso/session", headers=cookie)
        problem(answer, 401, "not_authenticated")
        (event,) = await said(world, answer)
        assert (event["event"], event["cause"]) == ("session.refused", "launch_ended")
    assert (await world.client.get(page, headers={**PAGE, **cookie})).status_code == 401
    went_on = await world.client.get("/sso/continue", params={"launchId": page[8:]}, headers={**PAGE, **cookie})
    assert went_on.status_code == 401
    assert [(await seen_with(world, context)).status_code for context in (others, without)] == [200, 200]
    (event,) = await said(world, ended)
    assert (event["event"], event["company_id"]) == ("relationship.ended", company.company_id)


async def test_the_session_shows_the_permission_as_it_is_until_the_relationship_ends(
    world: World, company: Company
) -> None:
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()["dossierId"]
    _, cookie = await browse(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": bsn})
    for choice in ("approved", "declined"):
        await choose(world, bsn, dossier, choice)
        shown = await world.client.get("/sso/session", headers=cookie)
        assert shown.json()["dossier"] == {"dossierId": dossier, "permission": choice}
    await ask(company, "DELETE", "1532")
    problem(await world.client.get("/sso/session", headers=cookie), 401, "not_authenticated")


async def test_an_ended_id_is_unknown_alone_and_with_a_bsn_a_new_relationship(world: World, company: Company) -> None:
    first = await launched(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": fresh_bsn()})
    await ask(company, "DELETE", "1532")

    alone = company.ehr.sign(world.claims(company, treatmentRelationshipId="1532", profInfo=PROFESSIONAL))
    problem(await company.launch(alone), 422, "treatment_relationship_unknown")
    anew = await launched(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": fresh_bsn()})

    assert anew["patient"] != first["patient"]
    assert (await company.launch(alone)).json()["patient"] == anew["patient"]  # it had spent nothing
    problem(await seen_with(world, first), 401, "not_authenticated")
    assert (await seen_with(world, anew)).status_code == 200


async def test_a_bsn_alone_opens_no_relationship_that_has_ended(world: World, company: Company) -> None:
    patient = {"bsn": fresh_bsn()}
    for name in ("left", "ended"):
        await launched(world, company, treatmentRelationshipId=name, patientInfo=patient)
        world.clock.forward(seconds=1)
    try:
        await ask(company, "DELETE", "ended")
        assert (await launched(world, company, patientInfo=patient))["treatmentRelationshipId"] == "left"
        await ask(company, "DELETE", "left")
        assert UUID((await launched(world, company, patientInfo=patient))["treatmentRelationshipId"])
    finally:
        world.clock.forward(seconds=-2)


async def test_nobody_registers_in_a_launch_whose_relationship_has_ended(world: World, company: Company) -> None:
    patient = {"bsn": fresh_bsn()}
    context = await launched(world, company, treatmentRelationshipId="1532", patientInfo=patient, profInfo={})
    path, _, code = context["professional"]["registrationUrl"].partition("?code=")
    assert (await world.client.get(f"{path}?code={code}", headers=PAGE)).status_code == 200
    await ask(company, "DELETE", "1532")
    before = await state_of(world)
    for answer in (
        await world.client.get(f"{path}?code={code}", headers=PAGE),
        await world.client.post(path, data={**PROFESSIONAL, "code": code}, headers=PAGE),
    ):
        assert answer.status_code == 401
    assert not await changed(world, before)


async def test_a_browser_whose_launch_has_ended_registers_in_another(world: World, company: Company) -> None:
    _, cookie = await browse(world, company, treatmentRelationshipId="1532", patientInfo={"bsn": fresh_bsn()})
    context = await launched(world, company, sub="new", profInfo={})
    path, _, code = context["professional"]["registrationUrl"].partition("?code=")
    form = {**PROFESSIONAL, "code": code}
    problem_page = await world.client.post(path, data=form, headers={**PAGE, **cookie})
    assert problem_page.status_code == 409
    await ask(company, "DELETE", "1532")
    registered = await world.client.post(path, data=form, headers={**PAGE, **cookie})
    assert registered.status_code == 303
    shown = await world.client.get("/sso/session", headers=session_of(registered))
    assert shown.json()["launchId"] == context["launchId"]
