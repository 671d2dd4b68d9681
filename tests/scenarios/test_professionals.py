"""A company sees which accounts its professionals come in on, and undoes a link that is wrong."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest

from tests.support.audit import said
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request, session_of
from tests.support.world import PAGE, Company, World

LIST = "/company/professionals"


def fresh_agb() -> str:
    return f"91{uuid4().int % 10**6:06d}"


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def launched(world: World, company: Company, sub: str, **claims: Any) -> dict[str, Any]:
    """Return the context of a launch."""
    token = company.ehr.sign(world.claims(company, sub=sub, **{"profInfo": PROFESSIONAL, **claims}))
    answer = await company.launch(token)
    assert answer.status_code == 200, answer.text
    context: dict[str, Any] = answer.json()
    return context


async def account(world: World, company: Company, sub: str, **told: str) -> tuple[str, str | None]:
    """Return how a professional of whom this is told comes in, and on which account."""
    professional = (await launched(world, company, sub, profInfo=told))["professional"]
    return professional["status"], professional["accountId"]


async def unlink(company: Company, sub: str) -> httpx2.Response:
    return await company.client.delete(f"{LIST}/{quote(sub, safe='')}", headers=company.bearer)


async def test_a_company_sees_its_own_professionals_and_nothing_of_who_they_are(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    await launched(world, other, "elsewhere")
    subs = ["a", "b/c", "b", "\u00eb", "/x/../y", "%"]
    accounts = {
        sub: (await launched(world, company, sub, profInfo={**PROFESSIONAL, "lastname": sub}))["professional"][
            "accountId"
        ]
        for sub in subs
    }
    await launched(world, company, "nobody yet", profInfo={})

    items: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        answer = await company.client.get(LIST, params=query, headers=company.bearer)
        page = answer.json()
        items += page["items"]
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]

    assert {item["sub"]: item["accountId"] for item in items} == accounts
    assert len(items) == len(subs)
    assert all(item.keys() == {"sub", "accountId", "linkedAt"} for item in items)
    assert answer.headers["cache-control"] == "no-store"
    (event,) = await said(world, answer)
    assert (event["event"], event["count"]) == ("professionals.listed", 2)


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "cursor=%21", "cursor=AA"])
async def test_a_page_that_cannot_be_is_said_so(company: Company, query: str) -> None:
    answer = await company.client.get(f"{LIST}?{query}", headers=company.bearer)
    problem(answer, 422, "invalid_request")


async def test_with_a_link_ends_what_its_launches_opened_and_nothing_else(world: World, company: Company) -> None:
    patient = {"bsn": fresh_bsn()}
    wrong = await launched(world, company, "one", patientInfo=patient)
    colleague = await launched(world, company, "two", patientInfo=patient)
    token = company.ehr.sign(world.claims(company, sub="one"))
    opened = await company.launch_in_browser(token)
    cookie = session_of(opened)
    assert wrong["professional"]["accountId"] == colleague["professional"]["accountId"]

    undone = await unlink(company, "one")

    assert (undone.status_code, undone.content) == (204, b"")
    bearers = [{"Authorization": f"Bearer {context['accessToken']}"} for context in (wrong, colleague)]
    problem(await world.client.get("/dossier", headers=bearers[0]), 401, "not_authenticated")
    assert (await world.client.get("/dossier", headers=bearers[1])).status_code == 200
    problem(await world.client.get("/sso/session", headers=cookie), 401, "not_authenticated")
    assert (await world.client.get(opened.headers["location"], headers={**PAGE, **cookie})).status_code == 401
    (event,) = await said(world, undone)
    assert event == {
        "event": "professional.unlinked",
        "company_id": company.company_id,
        "account_id": wrong["professional"]["accountId"],
    }


async def test_who_was_unlinked_is_not_matched_with_the_same_account_again_by_name(
    world: World, company: Company
) -> None:
    _, wrong = await account(world, company, "one", **PROFESSIONAL)
    assert await account(world, company, "two", **PROFESSIONAL) == ("matched", wrong)
    await unlink(company, "two")

    status, right = await account(world, company, "two", **PROFESSIONAL)

    assert (status, right != wrong) == ("created", True)
    assert await account(world, company, "two") == ("linked", right)
    assert await account(world, company, "one") == ("linked", wrong)


async def test_who_was_unlinked_is_not_matched_with_the_same_account_again_by_agb_code(
    world: World, company: Company
) -> None:
    other, agb = await world.company("Apotheek De Brug", alg="ES256"), fresh_agb()
    _, owner = await account(world, other, "owner", **PROFESSIONAL, agb=agb)
    assert await account(world, company, "one", agb=agb) == ("matched", owner)
    await unlink(company, "one")

    assert await account(world, company, "one", agb=agb) == ("registration_required", None)
    status, right = await account(world, company, "one", **PROFESSIONAL, agb=agb)

    assert (status, right != owner) == ("created", True)
    assert await account(world, company, "two", agb=agb) == ("matched", owner)
    assert await account(world, other, "owner", agb=agb) == ("linked", owner)


async def test_each_wrong_account_is_passed_over_and_the_right_one_is_found(world: World, company: Company) -> None:
    agb, another = fresh_agb(), fresh_agb()
    _, wrong = await account(world, company, "wrong", **PROFESSIONAL, agb=agb)
    _, right = await account(world, company, "right", **PROFESSIONAL, agb=another)
    assert await account(world, company, "one", agb=agb) == ("matched", wrong)
    await unlink(company, "one")
    assert await account(world, company, "one", **PROFESSIONAL, agb=another) == ("matched", right)
    await unlink(company, "one")
    status, own = await account(world, company, "one", **PROFESSIONAL, agb=fresh_agb())
    assert (status, own in {wrong, right}) == ("created", False)


async def test_a_professional_who_was_unlinked_can_register(world: World, company: Company) -> None:
    _, wrong = await account(world, company, "one", **PROFESSIONAL)
    await unlink(company, "one")
    context = await launched(world, company, "one", profInfo={"firstname": "John"})
    path, _, code = context["professional"]["registrationUrl"].partition("?code=")
    registered = await world.client.post(path, data={**PROFESSIONAL, "code": code}, headers=PAGE)
    shown = (await world.client.get("/sso/session", headers=session_of(registered))).json()
    assert shown["professional"]["accountId"] not in {None, wrong}


async def test_a_link_that_is_not_there_or_is_anothers_is_not_found(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    await launched(world, company, "one")
    before = await state_of(world)
    answers = [await unlink(other, sub) for sub in ("one", "nobody", "\x00", "x" * 256, " ", "")]
    told = [same_but_for_the_request(problem(answer, 404, "not_found")) for answer in answers]
    assert told == [told[0]] * len(told)
    assert not await changed(world, before)
    (event,) = await said(world, answers[0])
    assert (event["event"], event["cause"]) == ("professional.not_unlinked", "not_found")


async def test_the_same_name_and_e_mail_with_another_agb_code_is_another_professional(
    world: World, company: Company
) -> None:
    agb, another = fresh_agb(), fresh_agb()
    status, first = await account(world, company, "one", **PROFESSIONAL, agb=agb)
    assert status == "created"
    status, other = await account(world, company, "two", **PROFESSIONAL, agb=another)
    assert (status, other != first) == ("created", True)
    assert await account(world, company, "three", **PROFESSIONAL, agb=another) == ("matched", other)
