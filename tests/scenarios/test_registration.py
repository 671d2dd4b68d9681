"""A launch that tells too little asks for a short form: for ten minutes, and for one account."""

import re
from typing import Any

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.races import at_once
from tests.support.wire import problem
from tests.support.world import PAGE, Company, World

FILLED = {"firstname": "Johanna", "lastname": "de Vries", "email": "j.devries@praktijk.nl"}


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def launched(world: World, company: Company, **claims: Any) -> dict[str, Any]:
    """Launch from the back end a professional of whom too little is told; return the context."""
    token = company.ehr.sign(world.claims(company, **{"profInfo": {"firstname": "Johanna"}, **claims}))
    context: dict[str, Any] = (await company.launch(token)).json()
    return context


async def send(world: World, address: str, **changes: str) -> httpx2.Response:
    """Send the form from a browser without cookies."""
    path, _, code = address.partition("?code=")
    form = {**FILLED, "code": code, **changes}
    return await world.client.post(path, data=form, headers=PAGE)


async def test_a_launch_that_tells_too_little_says_where_to_register_and_opens_nothing(
    world: World, company: Company
) -> None:
    context = await launched(world, company, patientInfo={"bsn": fresh_bsn()})
    professional = context["professional"]
    assert (professional["status"], professional["accountId"]) == ("registration_required", None)
    assert professional["registrationUrl"].startswith(f"/launch/{context['launchId']}/register?code=")
    assert (context["accessToken"], context["expiresIn"]) == (None, None)


async def test_a_launch_that_tells_enough_has_nothing_to_register(world: World, company: Company) -> None:
    assert "registrationUrl" not in (await launched(world, company, profInfo=FILLED))["professional"]


async def test_the_form_is_filled_with_what_was_told_and_opens_without_a_cookie(world: World, company: Company) -> None:
    address = (await launched(world, company))["professional"]["registrationUrl"]
    page = await world.client.get(address, headers=PAGE)
    assert page.status_code == 200
    assert re.search(r'name="firstname"[^>]*value="Johanna"', page.text)


async def test_the_form_makes_an_account_that_the_next_launch_is_linked_to(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    context = await launched(world, company, patientInfo={"bsn": bsn}, treatmentRelationshipId="7")

    sent = await send(world, context["professional"]["registrationUrl"])

    assert (sent.status_code, sent.headers["location"]) == (303, f"/launch/{context['launchId']}")
    cookie = {"Cookie": sent.headers["set-cookie"].partition(";")[0]}
    assert (await world.client.get(sent.headers["location"], headers={**PAGE, **cookie})).status_code == 200
    open_now = (await world.client.get("/sso/session", headers=cookie)).json()
    assert open_now["professional"]["status"] == "created"
    assert open_now["patient"] == context["patient"]
    assert open_now["accessToken"]
    again = await launched(world, company, patientInfo={"bsn": bsn})
    assert again["professional"]["status"] == "linked"
    assert again["professional"]["accountId"] == open_now["professional"]["accountId"]
    assert again["treatmentRelationshipId"] == "7"  # the registered professional has joined it


async def test_however_often_the_form_is_sent_there_is_one_account(world: World, company: Company) -> None:
    address = (await launched(world, company))["professional"]["registrationUrl"]
    sent = await at_once(10, lambda number: send(world, address, firstname=f"Johanna{number}"))
    assert {answer.status_code for answer in sent} <= {303, 401}
    assert 303 in {answer.status_code for answer in sent}
    assert (await launched(world, company))["professional"]["status"] == "linked"
    assert (await send(world, address)).status_code == 401


async def test_a_form_finds_nobody_elses_account(world: World, company: Company) -> None:
    colleague = await launched(world, company, sub="colleague", profInfo=FILLED)
    address = (await launched(world, company, sub="another"))["professional"]["registrationUrl"]
    await send(world, address)
    mine = await launched(world, company, sub="another")
    assert mine["professional"]["status"] == "linked"
    assert mine["professional"]["accountId"] != colleague["professional"]["accountId"]


@pytest.mark.parametrize("field", ["firstname", "lastname", "email"])
async def test_what_is_missing_is_asked_for_again(world: World, company: Company, field: str) -> None:
    address = (await launched(world, company))["professional"]["registrationUrl"]
    again = await send(world, address, **{field: " "})
    assert again.status_code == 422
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', again.text)
    assert (await send(world, address)).status_code == 303


async def test_another_code_or_one_that_is_too_old_opens_nothing(world: World, company: Company) -> None:
    mine = (await launched(world, company, sub="one"))["professional"]["registrationUrl"]
    other = (await launched(world, company, sub="two"))["professional"]["registrationUrl"]
    mixed = mine.partition("?")[0] + "?" + other.partition("?")[2]
    for address in (mixed, mine[:-1], mine.partition("?")[0], "/launch/x/register?code=x"):
        assert (await world.client.get(address, headers=PAGE)).status_code == 401
        assert (await send(world, address)).status_code == 401
    world.clock.forward(minutes=10)
    try:
        assert (await send(world, mine)).status_code == 401
    finally:
        world.clock.forward(minutes=-10)


async def test_a_browser_that_has_another_patient_open_registers_nobody(world: World, company: Company) -> None:
    address = (await launched(world, company))["professional"]["registrationUrl"]
    elsewhere = await company.launch_in_browser(company.ehr.sign(world.claims(company, sub="x", profInfo=FILLED)))
    cookie = {"Cookie": elsewhere.headers["set-cookie"].partition(";")[0]}
    path, _, code = address.partition("?code=")
    refused = await world.client.post(path, data={**FILLED, "code": code}, headers={**PAGE, **cookie})
    assert refused.status_code == 409
    from_another_site = {**PAGE, "Origin": "https://evil.example"}
    assert (await world.client.post(path, data={**FILLED, "code": code}, headers=from_another_site)).status_code == 403
    problem(await world.client.get("/sso/session"), 401, "not_authenticated")
