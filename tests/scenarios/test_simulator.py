"""The simulated EHR: every fault that it offers is refused at its step, and its page says what the service says."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx2
import pytest

from common.sessions import token_digest
from schemas.steps import Step
from services.demo.examples import PETER
from services.demo.faults import FAULTS, Fault
from services.demo.signed_tokens import KEPT_SECONDS, PREFIX
from tests.support.bsns import fresh_bsn
from tests.support.wire import secured
from tests.support.world import PAGE, World

EHR_SITE = "http://localhost:8080"
SCRIPT = '"><script>alert(1)</script>'
FORM = {
    "sub": "profID1241",
    "firstname": "John",
    "lastname": "de Vries",
    "email": "john.devries@praktijk.nl",
    "treatmentRelationshipId": "",
}
EXPLAINED = {
    "no_jti": "claim_rejected",
    "short_bsn": "claim_rejected",
    "null_bsn": "claim_rejected",
    "other_issuer": "claim_rejected",
    "other_audience": "claim_rejected",
    "too_old": "token_expired",
    "from_the_future": "claim_rejected",
    "other_patient": "treatment_relationship_conflict",
    "unknown_relationship": "treatment_relationship_unknown",
    "already_used": "token_replayed",
}
"""What a launch says of those that it explains; it says `token_rejected` of all others."""


@dataclass
class Newcomer:
    """Somebody with the demo open, and the EHR's company token in hand."""

    browser: httpx2.AsyncClient
    bearer: dict[str, str]

    async def post(self, origin: str = EHR_SITE, **typed: str) -> httpx2.Response:
        """Send the EHR's form."""
        return await self.browser.post("/simulator", data={**FORM, **typed}, headers={**PAGE, "Origin": origin})

    async def sign(self, **typed: str) -> str:
        """Sign a token; return where its page is."""
        answer = await self.post(**typed)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def look(self, place: str) -> str:
        """Return the page of a token."""
        answer = await self.browser.get(place, headers=PAGE)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
        secured(answer)
        return answer.text

    async def launch(self, page: str) -> httpx2.Response:
        """Post what the page's form posts, as a back end: so the answer is in JSON."""
        return await self.browser.post("/sso/launch", json=posted(page))

    async def diagnose(self, page: str) -> list[tuple[str, bool, str]]:
        """Return the steps that `/sso/diagnose` has for the page's token."""
        body = {"token": posted(page)["token"]}
        answer = await self.browser.post("/sso/diagnose", json=body, headers=self.bearer)
        assert answer.status_code == 200, answer.text
        return [(step["step"], step["ok"], step.get("detail", "")) for step in answer.json()["steps"]]


@pytest.fixture
async def newcomer(world: World) -> AsyncIterator[Newcomer]:
    kept = json.loads((world.folder / "ehr.json").read_text())
    body = {"companyId": kept["companyId"], "companySecret": kept["companySecret"]}
    token = (await world.client.post("/auth/token", json=body)).json()["access_token"]
    async with world.another_client() as browser:
        yield Newcomer(browser, {"Authorization": f"Bearer {token}"})


def posted(page: str) -> dict[str, str]:
    """Return the fields of the form to launch with."""
    return dict(re.findall(r'<input type="hidden" name="(token|clientId)" value="([^"]*)"', page))


def steps(page: str) -> list[tuple[str, bool, str]]:
    """Return the steps on a page as the API has them."""
    found: list[tuple[str, bool, str]] = []
    items = re.findall(r'<li class="(passed|refused)">(.*?)</li>', page, re.DOTALL)
    for step, (kind, text) in zip(Step, items, strict=False):
        detail = re.search(r"<br><span>(.*)</span>", text, re.DOTALL)
        assert f">{kind}</span>" in text
        found.append((step.value, kind == "passed", unescape(detail[1]) if detail else ""))
    return found


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_is_refused_at_its_step_and_the_page_says_what_the_service_says(
    newcomer: Newcomer, fault: Fault
) -> None:
    page = await newcomer.look(await newcomer.sign(bsn=fresh_bsn(), fault=fault.name))

    told = await newcomer.diagnose(page)
    assert steps(page) == told
    step, ok, _detail = told[-1]
    assert (None if ok else step) == fault.step
    assert fault.title in page

    answer = await newcomer.launch(page)
    if fault.name == "none":
        assert answer.status_code == 200
    else:
        expected = EXPLAINED.get(fault.name, "token_rejected")
        assert answer.json()["code"] == expected
        assert fault.explained == (expected != "token_rejected")
        assert ("told only that the token was not accepted" in page) == (not ok and not fault.explained)


async def test_looking_spends_nothing_and_after_the_launch_the_same_page_says_already_used(newcomer: Newcomer) -> None:
    place = await newcomer.sign(bsn=fresh_bsn())
    before = [await newcomer.look(place) for _ in range(2)]
    assert [steps(page)[-1][:2] for page in before] == [("already_used", True)] * 2

    assert (await newcomer.launch(before[1])).status_code == 200

    after = await newcomer.look(place)
    assert posted(after) == posted(before[0])
    assert steps(after)[-1][:2] == ("already_used", False)


@pytest.mark.parametrize(("key", "failed"), [("rsa", None), ("ec", None), ("unknown", "key")])
async def test_the_company_has_registered_both_keys_of_its_ehr_and_no_third(
    newcomer: Newcomer, key: str, failed: str | None
) -> None:
    page = await newcomer.look(await newcomer.sign(bsn=fresh_bsn(), key=key))
    step, ok, _detail = steps(page)[-1]
    assert (None if ok else step) == failed
    assert (await newcomer.launch(page)).status_code == (401 if failed else 200)


@pytest.mark.parametrize(
    ("clock", "unit", "failed"),
    [
        ("", "seconds", None),
        ("25", "seconds", None),
        ("-4", "minutes", None),
        ("90", "seconds", "freshness"),
        ("-6", "minutes", "freshness"),
        ("999999", "minutes", "freshness"),
    ],
)
async def test_the_ehrs_clock_may_be_wrong(newcomer: Newcomer, clock: str, unit: str, failed: str | None) -> None:
    page = await newcomer.look(await newcomer.sign(clock=clock, clockUnit=unit))
    step, ok, _detail = steps(page)[-1]
    assert (None if ok else step) == failed


@pytest.mark.parametrize(
    "wrong", [{"clock": "a minute"}, {"clock": "1.5"}, {"clock": "9" * 7}, {"fault": "unheard-of"}]
)
async def test_a_form_that_cannot_be_meant_comes_back_without_the_bsn(
    newcomer: Newcomer, wrong: dict[str, str]
) -> None:
    bsn = fresh_bsn()
    answer = await newcomer.post(bsn=bsn, sub="profID-of-mine", **wrong)
    assert answer.status_code == 422
    assert "profID-of-mine" in answer.text
    assert bsn not in answer.text
    assert "Some of what you typed is not right." in answer.text
    assert "Type the BSN again" in answer.text
    assert ("Type a whole number" in answer.text) == ("clock" in wrong)


async def test_what_is_typed_is_text_and_no_markup(newcomer: Newcomer) -> None:
    names = (
        "sub",
        "firstname",
        "lastname",
        "email",
        "agb",
        "bsn",
        "patientFirstname",
        "patientLastname",
        "patientEmail",
    )
    typed = dict.fromkeys((*names, "treatmentRelationshipId", "example"), SCRIPT)
    page = await newcomer.look(await newcomer.sign(**typed))
    assert "<script" not in page
    again = await newcomer.post(**typed, clock=SCRIPT)
    assert again.status_code == 422
    assert "<script" not in again.text
    assert "<script" not in (await newcomer.browser.get("/simulator", params={"example": SCRIPT}, headers=PAGE)).text


@pytest.mark.parametrize("wrong", [{"firstname": "x" * 256}, {"clockUnit": "hours"}, {"key": "ours"}, {"more": "x"}])
async def test_more_than_the_form_has_is_refused(newcomer: Newcomer, wrong: dict[str, str]) -> None:
    assert (await newcomer.post(**wrong)).status_code == 422


async def test_another_sites_form_signs_nothing(newcomer: Newcomer) -> None:
    answer = await newcomer.post("https://evil.example", bsn=fresh_bsn())
    assert answer.status_code == 403
    assert (await newcomer.post("null", bsn=fresh_bsn())).status_code == 403


async def test_a_token_is_kept_sealed_for_a_quarter_of_an_hour_and_is_nobodys_to_guess(
    world: World, newcomer: Newcomer
) -> None:
    place = await newcomer.sign(bsn=PETER)
    name, redis = place.rpartition("/")[2], world.service.ground.redis
    key = PREFIX + token_digest(name).hex()
    kept = await redis.get(key)
    assert isinstance(kept, bytes)
    for secret in (PETER, "de Vries", posted(await newcomer.look(place))["token"]):
        assert secret.encode() not in kept
    assert KEPT_SECONDS - 60 < await redis.ttl(key) <= KEPT_SECONDS

    await redis.set(PREFIX + token_digest("moved").hex(), kept, ex=60)
    await redis.delete(key)
    for gone in (place, "/simulator/moved", "/simulator/x", "/simulator/%00"):
        answer = await newcomer.browser.get(gone, headers=PAGE)
        assert answer.status_code == 404
        assert "This token is gone" in answer.text


async def test_the_page_says_how_long_the_token_is_fresh_and_shows_its_parts_without_the_bsn(
    newcomer: Newcomer,
) -> None:
    bsn = fresh_bsn()
    place = await newcomer.sign(bsn=bsn)
    page = await newcomer.look(place)
    assert re.search(r"(300|29\d) seconds from the moment", page)
    assert bsn not in page
    assert f"*****{bsn[-4:]}" in page
    parts = posted(page)["token"].split(".")
    shown: dict[str, Any] = dict(
        re.findall(r'<span class="(header|claims|signature)"><b>.*?</b> <code>\.?(.*?)</code>', page)
    )
    assert list(shown.values()) == parts
    assert "No longer: it is too old." in await newcomer.look(await newcomer.sign(bsn=bsn, fault="too_old"))
    assert "Not yet: it is from the future." in await newcomer.look(await newcomer.sign(bsn=bsn, clock="31"))


@pytest.mark.parametrize(("asked", "checked"), [("altered", "altered"), ("unheard-of", "none"), ("", "none")])
async def test_a_link_can_name_the_fault_and_then_the_choice_is_open(
    newcomer: Newcomer, asked: str, checked: str
) -> None:
    page = (await newcomer.browser.get("/simulator", params={"fault": asked}, headers=PAGE)).text
    assert re.findall(r'value="([^"]+)" aria-describedby="fault[^"]*" checked', page) == [checked]
    assert ("<details open>" in page) == (asked == "altered")


async def test_the_pages_are_in_dutch_too_and_the_words_of_the_api_are_marked_as_english(newcomer: Newcomer) -> None:
    place = await newcomer.sign(bsn=fresh_bsn(), fault="altered")
    dutch = {**PAGE, "Accept-Language": "nl"}
    page = (await newcomer.browser.get(place, headers=dutch)).text
    assert "Veranderd na het ondertekenen" in page
    assert '<span class="bad">geweigerd</span>' in page
    assert '<span lang="en">Sign the very octets' in page
    assert "Onderteken het token" in (await newcomer.browser.get("/simulator", headers=dutch)).text


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/simulator", {"treatmentRelationshipId": PETER, "clock": "no number"}),
        ("/register", {"bsn": "1", "firstName": PETER, "lastName": "de Mol"}),
        ("/sign-in", {"bsn": "1", "lastName": f" {PETER} "}),
    ],
)
async def test_a_bsn_in_the_wrong_field_is_not_sent_back(world: World, path: str, typed: dict[str, str]) -> None:
    again = await world.client.post(path, data=typed, headers=PAGE)
    assert again.status_code == 422
    assert f'value="{PETER}' not in again.text.replace('" ', '"')


async def test_one_address_signs_so_often_in_a_minute_and_no_more(world: World) -> None:
    """Whatever it signs is kept for a quarter of an hour, and is launched in the name of the one company."""
    elsewhere = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(world.app, client=("192.0.2.77", 1)), base_url=str(world.client.base_url)
    )
    async with elsewhere:
        said = [(await elsewhere.get("/simulator/x", headers=PAGE)).status_code for _ in range(241)]
        assert said == [404] * 240 + [429]
        assert (await elsewhere.post("/simulator", data=FORM, headers=PAGE)).status_code == 429
    assert (await world.client.post("/simulator", data=FORM, headers=PAGE)).status_code == 303
