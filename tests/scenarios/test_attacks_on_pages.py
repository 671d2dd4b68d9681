"""Attacks by way of pages: other sites' frames and forms, guesses at the demo's sign-in, cookies that are none."""

import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from common.settings import LimitSettings
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.logs import log_of
from tests.support.races import at_once
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem
from tests.support.world import PAGE, Company, World, open_world

DUTCH = {**PAGE, "Accept-Language": "nl"}


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def test_a_launch_inside_another_page_spends_nothing_and_says_what_to_do(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
    for language, advice in ((PAGE, "in a new window"), (DUTCH, "in een nieuw venster")):
        headers = {**language, "Sec-Fetch-Dest": "iframe"}
        framed = await world.client.post("/sso/launch", data={"token": token}, headers=headers)
        assert framed.status_code == 403
        assert advice in framed.text
        assert "frame-ancestors *" in framed.headers["content-security-policy"]
        assert "set-cookie" not in framed.headers
    assert (await company.launch_in_browser(token)).status_code == 303


async def test_the_reference_number_on_a_page_is_in_the_log(company: Company) -> None:
    with log_of() as log:
        page = await company.launch_in_browser("no token")
    shown = re.search(r"<code>([0-9a-f-]{36})</code>", page.text)
    assert shown is not None
    assert shown[1] == page.headers["x-request-id"]
    assert shown[1] in log.getvalue()


async def test_a_professional_who_reads_dutch_gets_dutch_pages_all_the_way(world: World, company: Company) -> None:
    token = company.ehr.sign(world.claims(company, patientInfo={"bsn": fresh_bsn()}))
    launched = await world.client.post("/sso/launch", data={"token": token}, headers=DUTCH)
    cookie = {"Cookie": launched.headers["set-cookie"].partition(";")[0]}
    page = await world.client.get(launched.headers["location"], headers={**DUTCH, **cookie})
    assert "<h1>Uw patiënt is geopend</h1>" in page.text
    address = re.search(r'href="(/launch/[^"]+/register[^"]+)"', page.text)
    assert address is not None
    form = await world.client.get(address[1], headers={**DUTCH, **cookie})
    assert "Voornaam" in form.text
    again = await world.client.post("/sso/launch", data={"token": token}, headers=DUTCH)
    assert again.status_code == 401
    assert "Ga verder naar de pagina die u met de eerste klik hebt geopend" in again.text
    english = [answer.text.count("Your") for answer in (page, form, again)]
    assert english == [0, 0, 0]


async def test_two_hundred_cookies_and_a_tossed_one_are_no_session(world: World, company: Company) -> None:
    """WEB-029: a subdomain cannot write a cookie whose name begins with `__Host-`."""
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
    launched = await company.launch_in_browser(token)
    good = launched.headers["set-cookie"].partition(";")[0]
    name, _, value = good.partition("=")
    others = "; ".join(f"c{number}=x" for number in range(200))
    for jar, status in (
        (f"{others}; {good}", 200),
        (f"sso-launch={value}; {name.removeprefix('__Host-')}={value}", 401),
        (f"{name}={uuid.uuid4().hex}; {others}", 401),
    ):
        answer = await world.client.get(launched.headers["location"], headers={**PAGE, "Cookie": jar})
        assert answer.status_code == status


@pytest.mark.parametrize("disguise", [{"X-HTTP-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"}, {}])
async def test_a_method_is_what_the_request_line_says(world: World, company: Company, disguise: dict[str, str]) -> None:
    """WEB-025."""
    launched = await company.launch_in_browser(company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL)))
    cookie = {"Cookie": launched.headers["set-cookie"].partition(";")[0], **disguise}
    assert (await world.client.post("/sso/session", data={"_method": "DELETE"}, headers=cookie)).status_code == 405
    assert (await world.client.get("/sso/session?_method=DELETE", headers=cookie)).status_code == 200
    assert (await world.client.get("/sso/session", headers=cookie)).status_code == 200


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[World]:
    """A demo that refuses an address five times a minute and then looks no more."""
    with RedisServer(private=True) as redis:
        url = f"sqlite:///{tmp_path / 'sso.db'}"
        async with open_world(tmp_path, url, redis.url, LimitSettings(refusals=5)) as opened:
            yield opened


@pytest.mark.parametrize("known", [True, False])
async def test_the_name_of_a_patient_is_not_guessed_for_long_and_whether_there_is_one_is_not_told(
    strict: World, *, known: bool
) -> None:
    """WEB-019, WEB-020: fifty at once are counted as fifty; whoever asks from elsewhere is not kept out."""
    bsn = fresh_bsn()
    elsewhere = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(strict.app, client=("192.0.2.7", 1)), base_url=str(strict.client.base_url)
    )
    async with elsewhere:
        right = {"bsn": bsn, "lastName": "de Mol"}
        if known:
            await elsewhere.post("/register", data={**right, "firstName": "Peter"}, headers=PAGE)

        async def guess(number: int) -> httpx2.Response:
            return await strict.client.post("/sign-in", data={"bsn": bsn, "lastName": f"Jansen{number}"}, headers=PAGE)

        first = await guess(0)
        assert first.status_code == 401
        assert "There is no patient registered with this BSN and last name." in first.text
        await at_once(50, guess)
        assert (await guess(51)).status_code == 429
        assert (await strict.client.post("/sign-in", data=right, headers=PAGE)).status_code == 429
        problem(await strict.client.post("/auth/login", json=right), 429, "rate_limited")
        assert (await elsewhere.post("/sign-in", data=right, headers=PAGE)).status_code == (303 if known else 401)
