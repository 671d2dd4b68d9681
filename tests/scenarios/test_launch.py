"""How a launch is asked for and answered, whom it admits, and which patient it opens."""

import uuid
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.state import changed, state_of
from tests.support.wire import COOKIE, problem, secured
from tests.support.world import PAGE, Company, World


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


@pytest.mark.parametrize("how", ["json", "data"], ids=["as JSON", "as a form"])
async def test_a_back_end_launches_and_gets_the_whole_context(world: World, company: Company, how: str) -> None:
    bsn = fresh_bsn()
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}))
    sent: Any = {how: {"token": token, "clientId": company.company_id}}

    answer = await world.client.post("/sso/launch", **sent)

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    secured(answer)
    context = answer.json()
    assert context == {
        "launchId": str(UUID(context["launchId"])),
        "company": {"companyId": company.company_id, "companyName": "Huisartsenpraktijk De Linde"},
        "professional": {
            "accountId": str(UUID(context["professional"]["accountId"])),
            "sub": "profID1241",
            "status": "created",
        },
        "patient": {"pseudoniem": str(UUID(context["patient"]["pseudoniem"]))},
        "treatmentRelationshipId": str(UUID(context["treatmentRelationshipId"])),
        "dossier": None,
        "accessToken": context["accessToken"],
        "tokenType": "Bearer",
        "expiresIn": 900,
    }
    assert bsn not in answer.text


ACCEPTS = {
    None: 200,
    "": 200,
    "*/*": 200,
    "application/json": 200,
    "text/html": 303,
    "text/*": 303,
    "TEXT/HTML": 303,
    PAGE["Accept"]: 303,
    "text/html, application/json": 200,
    "application/json;q=0.9, text/html;q=0.8": 200,
    "application/json;q=0.8, text/html;q=0.9": 303,
    "text/html;q=0.5, */*": 200,
    "text/html;q=0, application/json;q=0": 200,
    "text/html;q=x": 200,
    "image/png": 200,
}


@pytest.mark.parametrize("accept", ACCEPTS)
async def test_accept_decides_between_context_and_page(world: World, company: Company, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    form = {"token": company.ehr.sign(world.claims(company))}
    answer = await world.client.post("/sso/launch", data=form, headers=headers)
    assert answer.status_code == ACCEPTS[accept]


async def test_a_browser_gets_a_session_cookie_and_the_address_of_its_launch(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))

    answer = await company.launch_in_browser(token)

    assert answer.status_code == 303
    assert UUID(answer.headers["location"].removeprefix("/launch/"))
    assert answer.headers["cache-control"] == "no-store"
    secured(answer)
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
    assert cookie["samesite"].lower() == "lax"
    assert (cookie["domain"], cookie["max-age"], cookie["expires"]) == ("", "", "")
    assert len(cookie.value) >= 43
    assert token not in str(answer.headers)


async def test_further_fields_of_a_form_are_ignored_and_further_members_of_json_are_not(
    world: World, company: Company
) -> None:
    token = company.ehr.sign(world.claims(company))
    problem(await company.launch(token, submit="Launch"), 422, "invalid_request")
    form = {"token": token, "submit": "Launch", "role": "Internal", "companyId": "x"}
    assert (await world.client.post("/sso/launch", data=form)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_a_token_in_the_address_is_not_spent_by_looking_at_it(
    world: World, company: Company, method: str
) -> None:
    token = company.ehr.sign(world.claims(company))
    before = await state_of(world)
    for headers in ({}, {"Sec-Purpose": "prefetch"}, PAGE):
        answer = await world.client.request(method, "/sso/launch", params={"token": token}, headers=headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert token not in answer.text
    assert not await changed(world, before)
    assert (await company.launch(token)).status_code == 200


async def test_a_token_in_the_address_of_a_post_does_not_count(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company))
    for form in ({}, {"token": "a.b.c"}):
        answer = await world.client.post("/sso/launch", params={"token": token}, data=form or {"other": "1"})
        problem(answer, 401 if form else 422, "token_rejected" if form else "invalid_request")
    assert (await company.launch(token)).status_code == 200


async def launched(world: World, company: Company, **claims: Any) -> dict[str, Any]:
    answer = await company.launch(company.ehr.sign(world.claims(company, **claims)))
    assert answer.status_code == 200, answer.text
    context: dict[str, Any] = answer.json()
    return context


async def test_a_professional_is_created_once_and_linked_ever_after(world: World, company: Company) -> None:
    first = (await launched(world, company, profInfo=PROFESSIONAL))["professional"]
    again = (await launched(world, company))["professional"]
    assert (first["status"], again["status"]) == ("created", "linked")
    assert again["accountId"] == first["accountId"]


MATCHES: dict[str, tuple[dict[str, str], str]] = {
    "the same names and e-mail": (PROFESSIONAL, "matched"),
    "in other case": ({key: value.upper() for key, value in PROFESSIONAL.items()}, "matched"),
    "another e-mail": ({**PROFESSIONAL, "email": "j.devries@praktijk.nl"}, "created"),
    "another first name": ({**PROFESSIONAL, "firstname": "Johan"}, "created"),
    "no e-mail": ({"firstname": "John", "lastname": "de Vries"}, "registration_required"),
    "an empty last name": ({**PROFESSIONAL, "lastname": ""}, "registration_required"),
    "nothing": ({}, "registration_required"),
}


@pytest.mark.parametrize("case", MATCHES)
async def test_another_sub_is_matched_by_names_and_e_mail_within_the_company(
    world: World, company: Company, case: str
) -> None:
    info, status = MATCHES[case]
    first = (await launched(world, company, profInfo=PROFESSIONAL))["professional"]
    second = (await launched(world, company, sub="profID9", profInfo=info))["professional"]
    assert second["status"] == status
    assert (second["accountId"] == first["accountId"]) == (status == "matched")


async def test_without_enough_to_make_an_account_registration_is_required(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    context = await launched(world, company, patientInfo={"bsn": bsn})
    assert context["professional"]["accountId"] is None
    assert context["professional"]["status"] == "registration_required"
    assert (context["accessToken"], context["expiresIn"]) == (None, None)
    assert context["dossier"]["dossierId"] == dossier["dossierId"]


async def test_an_agb_code_matches_across_companies_and_names_do_not(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    agb = f"{uuid.uuid4().int % 10**8:08d}"
    first = (await launched(world, company, profInfo={**PROFESSIONAL, "agb": agb}))["professional"]

    by_name = (await launched(world, other, sub="one", profInfo=PROFESSIONAL))["professional"]
    by_agb = (await launched(world, other, sub="two", profInfo={"agb": agb}))["professional"]

    assert (by_name["status"], by_agb["status"]) == ("created", "matched")
    assert by_agb["accountId"] == first["accountId"] != by_name["accountId"]


async def test_a_linked_account_takes_the_agb_code_if_it_is_free(world: World, company: Company) -> None:
    free, taken = (f"{uuid.uuid4().int % 10**8:08d}" for _ in range(2))
    owner = (
        await launched(
            world, company, sub="owner", profInfo={"email": "o@x.nl", "firstname": "O", "lastname": "X", "agb": taken}
        )
    )["professional"]
    first = (await launched(world, company, profInfo=PROFESSIONAL))["professional"]
    for agb in (taken, free):
        assert (await launched(world, company, profInfo={"agb": agb}))["professional"]["status"] == "linked"

    matched = {
        agb: (await launched(world, company, sub=agb, profInfo={"agb": agb}))["professional"]["accountId"]
        for agb in (free, taken)
    }

    assert matched == {free: first["accountId"], taken: owner["accountId"]}


async def test_two_companies_with_the_same_sub_have_two_professionals(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    jti = str(uuid.uuid4())
    accounts = {
        (await launched(world, one, jti=jti, profInfo=PROFESSIONAL))["professional"]["accountId"]
        for one in (company, other)
    }
    assert len(accounts) == 2
