"""The patient's site over HTTP, and the demo's login: what can be chosen, by whom, and what a patient token opens."""

import base64
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.patient import pseudoniem_of
from tests.support.state import changed, state_of
from tests.support.wire import problem, secured
from tests.support.world import ISSUER, PAGE, Company, World

WORDS = ("Not yet decided", "Approved", "Declined")


@dataclass
class Patient:
    """A patient in a browser of their own, on whom a company holds a dossier."""

    browser: httpx2.AsyncClient
    bsn: str
    company: Company
    dossier_id: str
    cookie: dict[str, str]

    async def home(self) -> str:
        """Return the first page."""
        page = await self.browser.get("/", headers={**PAGE, **self.cookie})
        assert page.status_code == 200
        secured(page)
        assert self.bsn not in page.text
        return page.text

    async def shown(self) -> str:
        """Return the one word that says what was chosen."""
        page = await self.home()
        (word,) = [word for word in WORDS if f">{word}<" in page]
        return word

    async def choose(self, choice: str, **changes: str) -> httpx2.Response:
        """Send the form of the first page, perhaps with changes."""
        csrf = re.search(r'name="csrfToken" value="([^"]+)"', await self.home())
        assert csrf is not None
        form = {"choice": choice, "csrfToken": csrf[1], **changes}
        return await self.browser.post(f"/consents/{self.dossier_id}", data=form, headers={**PAGE, **self.cookie})


def cookie_of(answer: httpx2.Response) -> dict[str, str]:
    """Return the header with which the browser comes back."""
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


@pytest.fixture
async def patient(world: World) -> AsyncIterator[Patient]:
    company, bsn = await world.company("Apotheek De Brug", alg="ES256"), fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    async with world.another_client() as browser:
        form = {"bsn": bsn, "firstName": "Peter", "lastName": "de Mol"}
        registered = await browser.post("/register", data=form, headers=PAGE)
        assert (registered.status_code, registered.headers["location"]) == (303, "/")
        yield Patient(browser, bsn, company, dossier["dossierId"], cookie_of(registered))


async def test_a_patient_sees_who_holds_a_dossier_and_changes_the_choice(patient: Patient) -> None:
    assert "Apotheek De Brug" in await patient.home()
    assert await patient.shown() == "Not yet decided"
    for choice, word, status in (
        ("approved", "Approved", 200),
        ("declined", "Declined", 403),
        ("approved", "Approved", 200),
    ):
        sent = await patient.choose(choice)
        assert (sent.status_code, sent.headers["location"]) == (303, "/")
        assert await patient.shown() == word
        assert "Chosen on" in await patient.home()
        assert (await patient.company.permission(patient.bsn)).status_code == status


@pytest.mark.parametrize("choice", ["pending", "", "Approved"])
async def test_a_choice_cannot_be_undone(patient: Patient, choice: str) -> None:
    await patient.choose("approved")
    assert (await patient.choose(choice)).status_code == 422
    assert await patient.shown() == "Approved"


async def test_a_bad_csrf_token_changes_nothing(world: World, patient: Patient) -> None:
    before = await state_of(world)
    for token in ("", "x", "0" * 64):
        assert (await patient.choose("approved", csrfToken=token)).status_code == 403
    assert not await changed(world, before)
    assert await patient.shown() == "Not yet decided"


async def test_a_patient_chooses_for_no_dossier_but_those_on_themselves(patient: Patient) -> None:
    other = fresh_bsn()
    patient.dossier_id = (await patient.company.create_dossier(other)).json()["dossierId"]
    assert (await patient.choose("approved")).status_code == 404
    problem(await patient.company.permission(other), 403, "consent_missing")


async def test_who_signs_out_sees_the_first_page_of_the_demo(patient: Patient) -> None:
    left = await patient.browser.post("/sign-out", headers={**PAGE, **patient.cookie})
    assert (left.status_code, left.headers["location"]) == (303, "/")
    home = await patient.home()
    assert "A demo of single sign-on in patient context" in home
    assert "Apotheek De Brug" not in home
    form = {"choice": "approved"}
    again = await patient.browser.post(f"/consents/{patient.dossier_id}", data=form, headers={**PAGE, **patient.cookie})
    assert again.status_code == 401


async def test_a_patient_signs_in_with_bsn_and_last_name(patient: Patient) -> None:
    wrong = {"bsn": patient.bsn, "lastName": "Jansen"}
    refused = await patient.browser.post("/sign-in", data=wrong, headers=PAGE)
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert patient.bsn not in refused.text
    signed_in = await patient.browser.post("/sign-in", data={**wrong, "lastName": "DE MOL"}, headers=PAGE)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
    patient.cookie = cookie_of(signed_in)
    assert "Apotheek De Brug" in await patient.home()


async def test_the_login_answers_with_a_patient_token_in_the_form_of_the_token_endpoint(
    world: World, patient: Patient
) -> None:
    answer = await world.client.post("/auth/login", json={"bsn": patient.bsn, "lastName": "de Mol"})
    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    token = answer.json()["access_token"]
    assert answer.json() == {"access_token": token, "token_type": "Bearer", "expires_in": 900}
    header, claims = (json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in token.split(".")[:2])
    now = int(world.clock().timestamp())
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert claims == {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": str(UUID(claims["sub"])),
        "client_id": "website",
        "role": "Patient",
        "iat": now,
        "exp": now + 900,
        "jti": claims["jti"],
    }
    assert claims["sub"] == str(await pseudoniem_of(world, patient.bsn))


async def test_nobody_logs_in_with_another_name_or_bsn(world: World, patient: Patient) -> None:
    for wrong in ({"lastName": "Jansen"}, {"bsn": fresh_bsn()}):
        body = {"bsn": patient.bsn, "lastName": "de Mol", **wrong}
        answer = await world.client.post("/auth/login", json=body)
        problem(answer, 401, "not_authenticated")
        assert patient.bsn not in answer.text


async def test_a_form_that_is_wrong_comes_back_without_the_bsn(patient: Patient) -> None:
    for path, form in (
        ("/register", {"bsn": "999999990x", "firstName": "Peter", "lastName": "de Mol"}),
        ("/sign-in", {"bsn": "999999990x", "lastName": "de Mol"}),
    ):
        answer = await patient.browser.post(path, data=form, headers=PAGE)
        assert answer.status_code == 422
        assert "999999990" not in answer.text
        assert "de Mol" in answer.text
        assert "set-cookie" not in answer.headers
