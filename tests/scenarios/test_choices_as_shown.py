"""A choice is kept as it was shown, once, and never over one that was made meanwhile (ADR 0033; attacks WEB-028)."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from dossier.store_sql import consents
from tests.support.audit import Said, said_of
from tests.support.bsns import fresh_bsn
from tests.support.patient import form_on
from tests.support.races import at_once
from tests.support.world import PAGE, Company, World


@dataclass
class Patient:
    """A patient who is signed in, on whom a company holds a dossier."""

    world: World
    browser: httpx2.AsyncClient
    headers: dict[str, str]
    company: Company
    bsn: str
    dossier_id: str

    async def form(self, choice: str, language: str = "en") -> dict[str, str]:
        """Open the page in a tab of its own, and return what its form with this choice sends."""
        page = await self.browser.get("/", headers={**self.headers, "Accept-Language": language})
        assert page.headers["content-language"] == language
        return form_on(page.text, choice)

    async def send(self, form: dict[str, str]) -> httpx2.Response:
        return await self.browser.post(f"/consents/{self.dossier_id}", data=form, headers=self.headers)

    async def kept(self) -> list[tuple[str, str | None, str | None]]:
        """Return what is kept: each choice with the language and the text."""
        query = select(consents.c.choice, consents.c.language, consents.c.shown)
        of_dossier = query.where(consents.c.dossier_id == UUID(self.dossier_id)).order_by(consents.c.number)
        async with self.world.service.ground.databases.dossier.read() as connection:
            return [(row.choice, row.language, row.shown) for row in await connection.execute(of_dossier)]

    async def said(self) -> list[Said]:
        """Return the events of the choices."""
        said = await said_of(self.world, self.company.company_id)
        return [event for event in said if event["event"].startswith("consent.")]


@pytest.fixture
async def patient(world: World) -> AsyncIterator[Patient]:
    company, bsn = await world.company("Apotheek <De Brug> & Zn", alg="ES256"), fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    async with world.another_client() as browser:
        signed_in = await browser.post("/register", data={"bsn": bsn, "firstName": "Peter", "lastName": "de Mol"})
        headers = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0], **PAGE}
        yield Patient(world, browser, headers, company, bsn, dossier["dossierId"])


async def test_a_choice_is_kept_with_its_text_as_it_was_shown_and_the_audit_has_the_language_alone(
    patient: Patient,
) -> None:
    for choice, language in (("approved", "nl"), ("declined", "en")):
        assert (await patient.send(await patient.form(choice, language))).status_code == 303
    approved, declined = await patient.kept()
    name = "“Apotheek <De Brug> & Zn”"
    text = (
        f"Als u toestemming geeft: vanaf dat moment mag {name} uw dossier delen met de zorgverleners die u behandelen. "
        "U kunt uw toestemming altijd weer intrekken."
    )
    assert approved == ("approved", "nl", text)
    assert declined[:2] == ("declined", "en")
    assert str(declined[2]).startswith(f"If you withdraw your approval: from that moment {name} may not share")
    assert [(event["event"], event["choice"], event["language"]) for event in await patient.said()] == [
        ("consent.chosen", "approved", "nl"),
        ("consent.chosen", "declined", "en"),
    ]
    page = (await patient.browser.get("/", headers=patient.headers)).text
    shown = "Als u toestemming geeft: vanaf dat moment mag “Apotheek &lt;De Brug&gt; &amp; Zn” uw dossier"
    assert page.count(shown) == 1


async def test_a_choice_made_in_another_tab_is_shown_and_not_overwritten(patient: Patient) -> None:
    first, second = await patient.form("approved"), await patient.form("declined")
    assert (await patient.send(first)).status_code == 303
    answer = await patient.send(second)
    assert answer.status_code == 409
    assert "another choice was made: in another tab or on another device" in answer.text
    assert ">Approved<" in answer.text
    assert (await patient.company.permission(patient.bsn)).status_code == 200
    assert [choice for choice, *_ in await patient.kept()] == ["approved"]
    assert [event["event"] for event in await patient.said()] == ["consent.chosen", "consent.overtaken"]
    assert (await patient.send(form_on(answer.text, "declined"))).status_code == 303  # who still wants it chooses anew
    assert (await patient.company.permission(patient.bsn)).status_code == 403


async def test_an_approval_sent_again_after_it_was_withdrawn_approves_nothing(patient: Patient) -> None:
    approval = await patient.form("approved")
    await patient.send(approval)
    await patient.send(await patient.form("declined"))
    assert (await patient.send(approval)).status_code == 409
    assert (await patient.company.permission(patient.bsn)).status_code == 403


async def test_one_form_sent_many_times_at_once_is_one_choice(patient: Patient) -> None:
    """WEB-028."""
    form = await patient.form("approved")
    answers = await at_once(8, lambda _: patient.send(form))
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/")}
    assert len(await patient.kept()) == 1
    said = Counter(event["event"] for event in await patient.said())
    assert said == {"consent.chosen": 1, "consent.repeated": 7}


async def test_of_two_tabs_that_choose_otherwise_at_once_one_wins_and_the_other_sees_it(patient: Patient) -> None:
    forms = [await patient.form("approved"), await patient.form("declined")]
    answers = await at_once(2, lambda n: patient.send(forms[n]))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    ((won, *_),) = await patient.kept()
    assert won == forms[0 if answers[0].status_code == 303 else 1]["choice"]
    (lost,) = [answer.text for answer in answers if answer.status_code == 409]
    assert ("You approved on" if won == "approved" else "You declined on") in lost.partition('role="alert"')[2]


async def test_a_form_of_the_contract_alone_is_kept_once_and_over_whatever_there_is(patient: Patient) -> None:
    csrf = {"csrfToken": (await patient.form("approved"))["csrfToken"]}
    for choice in ("approved", "approved", "declined", "declined", "approved"):
        answer = await patient.send({"choice": choice, **csrf})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await patient.kept() == [("approved", None, None), ("declined", None, None), ("approved", None, None)]
