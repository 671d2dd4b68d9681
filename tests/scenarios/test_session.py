"""The session of a launched browser: what it shows, how long it lasts, and how it ends."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.patient import choose
from tests.support.servers.redis_server import RedisServer
from tests.support.state import changed, state_of
from tests.support.wire import COOKIE, problem, secured, session_of
from tests.support.world import PAGE, Company, World, open_world


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


@pytest.fixture(scope="module")
async def timed(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A service whose clock may be moved forward."""
    folder = tmp_path_factory.mktemp("timed")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", redis_server.url) as opened:
        yield opened


async def browse(
    world: World, company: Company, cookie: dict[str, str] | None = None, **claims: Any
) -> httpx2.Response:
    """Launch in a browser, which may have a session already."""
    token = company.ehr.sign(world.claims(company, **{"profInfo": PROFESSIONAL, **claims}))
    answer = await world.client.post("/sso/launch", data={"token": token}, headers={**PAGE, **(cookie or {})})
    assert answer.status_code == 303, answer.text
    return answer


async def show(world: World, cookie: dict[str, str]) -> httpx2.Response:
    return await world.client.get("/sso/session", headers=cookie)


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


async def test_a_session_shows_its_launch_with_the_permission_as_it_is_now(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    opened = await browse(world, company, patientInfo={"bsn": bsn}, treatmentRelationshipId="1532")
    cookie = session_of(opened)

    first = await show(world, cookie)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    secured(first)
    context = first.json()
    assert opened.headers["location"] == f"/launch/{context['launchId']}"
    assert context["company"]["companyId"] == company.company_id
    assert context["professional"]["status"] == "created"
    assert context["patient"] == {"pseudoniem": dossier["pseudoniem"]}
    assert context["treatmentRelationshipId"] == "1532"
    assert context["dossier"] == {"dossierId": dossier["dossierId"], "permission": "pending"}
    for choice in ("approved", "declined"):
        await choose(world, bsn, dossier["dossierId"], choice)
        assert (await show(world, cookie)).json()["dossier"]["permission"] == choice
    await world.client.delete(f"/dossier/{bsn}", headers=company.bearer)
    assert (await show(world, cookie)).json()["dossier"] is None


async def test_each_look_gives_a_fresh_token_of_that_launch_and_of_nothing_else(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    cookie = session_of(await browse(world, company, patientInfo={"bsn": bsn}))
    first, second = [(await show(world, cookie)).json() for _ in range(2)]

    assert first["accessToken"] != second["accessToken"]
    assert first["launchId"] == second["launchId"]
    now = int(world.clock().timestamp())
    claims = claims_of(second["accessToken"])
    assert claims == {
        "iss": "http://127.0.0.1:8080",
        "aud": "http://127.0.0.1:8080",
        "sub": second["professional"]["accountId"],
        "client_id": company.company_id,
        "role": "Professional",
        "launchId": second["launchId"],
        "pseudoniem": second["patient"]["pseudoniem"],
        "treatmentRelationshipId": second["treatmentRelationshipId"],
        "iat": now,
        "exp": now + 900,
        "jti": claims["jti"],
    }


async def test_a_launch_token_opens_no_endpoint_of_the_company(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    await company.create_dossier(bsn)
    cookie = session_of(await browse(world, company, patientInfo={"bsn": bsn}))
    bearer = {"Authorization": f"Bearer {(await show(world, cookie)).json()['accessToken']}"}
    before = await state_of(world)
    for method, path, body in (
        ("POST", "/dossier", {"bsn": bsn}),
        ("DELETE", f"/dossier/{bsn}", None),
        ("GET", f"/dossier/{bsn}/permission", None),
        ("POST", "/dossier/permission", {"bsn": bsn}),
        ("GET", "/company/keys", None),
        ("POST", "/company/keys", {"jwk": {}}),
        ("POST", "/company/secrets", {}),
        ("DELETE", f"/company/keys/{company.ehr.kid}", None),
    ):
        answer = await world.client.request(method, path, json=body, headers=bearer)
        problem(answer, 403, "permission_denied")
    assert not await changed(world, before)


async def test_a_session_cookie_is_no_bearer_token_and_a_bearer_token_no_cookie(world: World, company: Company) -> None:
    cookie = session_of(await browse(world, company))
    value = cookie["Cookie"].partition("=")[2]
    for credential in ({"Authorization": f"Bearer {value}"}, cookie):
        problem(await world.client.get("/company/keys", headers=credential), 401, "not_authenticated")
    access_token = (await show(world, cookie)).json()["accessToken"]
    for other in (company.token, access_token, "", "x", value[:-1], value.swapcase(), f'"{value}"x', "\u00e9"):
        raw = {b"Cookie": f"{COOKIE}={other}".encode()}
        problem(await world.client.get("/sso/session", headers=raw), 401, "not_authenticated")


async def test_without_a_session_there_is_nothing_to_show_or_to_leave(world: World) -> None:
    for method in ("GET", "DELETE"):
        problem(await world.client.request(method, "/sso/session"), 401, "not_authenticated")


async def test_a_new_launch_takes_the_place_of_the_old_session(world: World, company: Company) -> None:
    old = session_of(await browse(world, company, patientInfo={"bsn": fresh_bsn()}))
    new = session_of(await browse(world, company, old, patientInfo={"bsn": fresh_bsn()}))

    problem(await show(world, old), 401, "not_authenticated")
    assert (await show(world, new)).status_code == 200
    assert old != new


async def test_a_session_that_a_browser_chose_itself_is_not_taken_over(world: World, company: Company) -> None:
    chosen = {"Cookie": f"{COOKIE}=chosen-by-an-attacker"}
    new = session_of(await browse(world, company, chosen))
    assert new != chosen
    problem(await show(world, chosen), 401, "not_authenticated")


async def test_two_browsers_have_two_sessions(world: World, company: Company) -> None:
    one, other = [session_of(await browse(world, company, sub=f"profID{number}")) for number in range(2)]
    await world.client.delete("/sso/session", headers=one)
    problem(await show(world, one), 401, "not_authenticated")
    assert (await show(world, other)).status_code == 200


@pytest.mark.parametrize("named", [False, True], ids=["whatever launch is open", "this launch by name"])
async def test_leaving_ends_the_session(world: World, company: Company, *, named: bool) -> None:
    opened = await browse(world, company, patientInfo={"bsn": fresh_bsn(), "firstname": "An"})
    cookie = session_of(opened)
    launch_id = opened.headers["location"].removeprefix("/launch/")

    left = await world.client.delete("/sso/session", params={"launchId": launch_id} if named else {}, headers=cookie)

    assert (left.status_code, left.content) == (204, b"")
    assert f'{COOKIE}=""' in left.headers["set-cookie"]
    assert "Max-Age=0" in left.headers["set-cookie"]
    for method in ("GET", "DELETE"):
        problem(await world.client.request(method, "/sso/session", headers=cookie), 401, "not_authenticated")


async def test_leaving_another_launch_than_the_open_one_is_a_conflict(world: World, company: Company) -> None:
    first = await browse(world, company, patientInfo={"bsn": fresh_bsn()})
    second = await browse(world, company, session_of(first), patientInfo={"bsn": fresh_bsn()})
    cookie = session_of(second)
    for launch_id in (
        first.headers["location"].removeprefix("/launch/"),
        "",
        "x",
        "00000000-0000-0000-0000-000000000000",
    ):
        answer = await world.client.delete("/sso/session", params={"launchId": launch_id}, headers=cookie)
        problem(answer, 409, "other_patient_open")
    assert (await show(world, cookie)).status_code == 200


async def test_a_token_that_is_replayed_leaves_the_open_session_alone(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company))
    cookie = session_of(await company.launch_in_browser(token))
    again = await world.client.post("/sso/launch", data={"token": token}, headers={**PAGE, **cookie})
    assert again.status_code == 401
    assert "set-cookie" not in again.headers
    assert (await show(world, cookie)).status_code == 200


async def test_after_leaving_the_old_launch_does_not_come_back(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company))
    cookie = session_of(await company.launch_in_browser(token))
    await world.client.delete("/sso/session", headers=cookie)
    problem(await company.launch(token), 401, "token_replayed")


async def test_a_session_ends_after_thirty_minutes_without_use(timed: World) -> None:
    company = await timed.company(alg="ES256")
    cookie = session_of(await browse(timed, company))
    for _ in range(3):
        timed.clock.forward(minutes=29, seconds=59)
        assert (await show(timed, cookie)).status_code == 200
    timed.clock.forward(minutes=30)
    problem(await show(timed, cookie), 401, "not_authenticated")
    problem(await timed.client.delete("/sso/session", headers=cookie), 401, "not_authenticated")


async def test_a_session_ends_after_eight_hours_and_its_tokens_do_not_last_longer(timed: World) -> None:
    company = await timed.company(alg="ES256")
    cookie = session_of(await browse(timed, company))
    end = int(timed.clock().timestamp()) + 8 * 3600
    for _ in range(19):
        timed.clock.forward(minutes=25)
        assert (await show(timed, cookie)).json()["expiresIn"] in {900, 300}
    context = (await show(timed, cookie)).json()
    assert (context["expiresIn"], claims_of(context["accessToken"])["exp"]) == (300, end)
    timed.clock.forward(minutes=4, seconds=59)
    assert (await show(timed, cookie)).json()["expiresIn"] == 1
    timed.clock.forward(seconds=1)
    problem(await show(timed, cookie), 401, "not_authenticated")


async def test_a_company_token_lasts_fifteen_minutes(timed: World) -> None:
    company = await timed.company(alg="ES256")
    timed.clock.forward(minutes=15, seconds=29)
    assert (await company.create_dossier(fresh_bsn())).status_code == 201
    timed.clock.forward(seconds=1)
    answer = await company.create_dossier(fresh_bsn())
    problem(answer, 401, "not_authenticated")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
