"""The whole way through a real browser: the EHR on one site, the service on another, and the patient at home."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.bsns import fresh_bsn
from tests.support.demo_server import DemoServer

PERMISSION_WORDS = re.compile("Not yet decided|Approved|Declined")


@pytest.fixture
async def professional(browser: Browser) -> AsyncIterator[Page]:
    """A page in the professional's browser."""
    async with await browser.new_context() as context:
        yield await context.new_page()


@pytest.fixture
async def patient(browser: Browser) -> AsyncIterator[Page]:
    """A page in the patient's browser, which shares nothing with the professional's."""
    async with await browser.new_context() as context:
        yield await context.new_page()


async def sign(page: Page, demo: DemoServer, bsn: str) -> None:
    """Sign a token for a patient in the simulated EHR."""
    await page.goto(demo.simulator_url)
    await page.get_by_label("BSN").fill(bsn)
    await page.get_by_label("Treatment relationship").fill("")
    await page.get_by_role("button", name="Sign the token").click()


async def launch(page: Page, demo: DemoServer, bsn: str) -> None:
    """Launch a patient from the simulated EHR."""
    await sign(page, demo, bsn)
    await page.get_by_role("button", name="Launch").click()
    await page.wait_for_url(f"{demo.url}/launch/*")


async def register(page: Page, demo: DemoServer, bsn: str) -> None:
    """Register a patient, who is signed in then."""
    await page.goto(demo.url)
    await page.get_by_role("link", name="Sign up").click()
    await page.get_by_label("BSN").fill(bsn)
    await page.get_by_label("First name").fill("Peter")
    await page.get_by_label("Last name").fill("de Mol")
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_text("Hello Peter de Mol")).to_be_visible()


async def test_a_patient_approves_and_declines_and_the_launched_professional_and_the_api_see_it(
    demo: DemoServer, professional: Page, patient: Page
) -> None:
    bsn = fresh_bsn()
    async with demo.ehr_client() as ehr:
        (await ehr.post("/dossier", json={"bsn": bsn})).raise_for_status()
        await launch(professional, demo, bsn)
        await expect(professional.get_by_text(PERMISSION_WORDS)).to_have_text(re.compile("^Not yet decided"))
        assert bsn not in await professional.content()
        assert bsn not in professional.url

        await register(patient, demo, bsn)
        await expect(patient.get_by_role("heading", name="Huisartsenpraktijk De Linde")).to_be_visible()
        for button, word, status in (("Approve", "Approved", 200), ("Withdraw", "Declined", 403)):
            await patient.get_by_role("button", name=button).click()
            await expect(patient.get_by_text(PERMISSION_WORDS)).to_have_text(word)
            assert bsn not in await patient.content()
            assert (await ehr.get(f"/dossier/{bsn}/permission")).status_code == status
            await professional.reload()
            await expect(professional.get_by_text(PERMISSION_WORDS)).to_have_text(word)

    await patient.get_by_role("button", name="Sign out").click()
    await expect(patient.get_by_role("heading", level=1)).to_have_text("A demo of single sign-on in patient context")


async def test_a_patient_who_has_registered_signs_in_with_the_right_name_only(demo: DemoServer, patient: Page) -> None:
    bsn = fresh_bsn()
    await register(patient, demo, bsn)
    await patient.get_by_role("button", name="Sign out").click()
    await patient.get_by_role("link", name="Sign in").click()
    await patient.get_by_label("BSN").fill(bsn)
    await patient.get_by_label("Last name").fill("Jansen")
    await patient.get_by_role("button", name="Sign in").click()
    await expect(patient.get_by_role("alert")).to_contain_text("no patient registered with this BSN and last name")
    assert bsn not in await patient.content()
    await patient.get_by_label("BSN").fill(bsn)
    await patient.get_by_label("Last name").fill("DE MOL")
    await patient.get_by_role("button", name="Sign in").click()
    await expect(patient.get_by_text("No company holds a dossier on you")).to_be_visible()


async def test_a_token_launches_once_however_often_the_button_is_clicked(demo: DemoServer, professional: Page) -> None:
    await sign(professional, demo, fresh_bsn())
    button = professional.get_by_role("button", name="Launch")
    async with professional.context.expect_page() as opened:
        await button.click(modifiers=["ControlOrMeta"])  # in a tab of its own
    launched = await opened.value
    await launched.wait_for_url(f"{demo.url}/launch/*")
    await button.click()
    await expect(professional.get_by_role("heading", level=1)).to_have_text("The token has been used before")
    await professional.get_by_role("link", name="Go on to the page that the first click opened").click()
    await professional.wait_for_url(launched.url)


async def test_the_first_tab_cannot_act_once_a_second_tab_has_another_patient_open(
    demo: DemoServer, professional: Page
) -> None:
    await launch(professional, demo, fresh_bsn())
    second = await professional.context.new_page()
    await launch(second, demo, fresh_bsn())

    await professional.get_by_role("button", name="Leave").click()
    await expect(professional.get_by_role("heading", level=1)).to_have_text("Something else is open now")
    await second.reload()
    await second.get_by_role("button", name="Leave").click()
    await expect(second.get_by_role("heading", level=1)).to_have_text("You have left")
    assert await second.context.cookies() == []


async def test_who_is_refused_goes_back_to_the_ehr_and_sees_at_which_step(demo: DemoServer, professional: Page) -> None:
    await professional.goto(demo.simulator_url)
    await professional.get_by_label("BSN").fill(fresh_bsn())
    await professional.get_by_text("Get something wrong").click()
    await professional.get_by_label("Altered after signing").check()
    await professional.get_by_role("button", name="Sign the token").click()
    signed = professional.url
    await professional.get_by_role("button", name="Launch").click()
    await expect(professional.get_by_role("heading", level=1)).to_have_text("The token was not accepted")
    await expect(professional.get_by_text("Reference number")).to_be_visible()

    await professional.go_back()
    assert professional.url == signed
    await expect(professional.get_by_text("at step 8 of 13, Signature.")).to_be_visible()
    await expect(professional.get_by_role("listitem").last).to_contain_text("Signature refused")


async def test_a_professional_whom_the_ehr_does_not_name_registers_once_and_goes_on(
    demo: DemoServer, professional: Page
) -> None:
    for account in ("We made a new account for you.", "We know you: your account is linked to this company."):
        await professional.goto(f"{demo.simulator_url}?example=4")
        await professional.get_by_label("Number in the EHR").fill("nobody named")
        await professional.get_by_role("button", name="Sign the token").click()
        await professional.get_by_role("button", name="Launch").click()
        if account.startswith("We made"):
            await professional.get_by_role("link", name="Register now").click()
            await professional.get_by_label("First name").fill("Eva")
            await professional.get_by_label("Last name").fill("Bos")
            await professional.get_by_label("E-mail").fill("eva.bos@praktijk.nl")
            await professional.get_by_role("button", name="Register").click()
        await professional.wait_for_url(f"{demo.url}/launch/*")
        await expect(professional.get_by_text(account)).to_be_visible()
