"""The whole way without a mouse, and without script; the language of one's choice; other colours, and paper."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.bsns import fresh_bsn
from tests.support.demo_server import DemoServer

MANY = 60
"""More presses of Tab than any of these pages needs."""


@asynccontextmanager
async def opened(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """Give a page in a browser of its own."""
    async with await browser.new_context(**options) as context:
        yield await context.new_page()


async def tab_to(page: Page, role: Any, name: str) -> None:
    """Press Tab until something has the focus. Fails if it never has."""
    wanted = page.get_by_role(role, name=name, exact=True)
    for _ in range(MANY):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"the keyboard does not reach {name}")


async def press(page: Page, role: Any, name: str) -> None:
    """Go to a link or a button by keyboard, press Enter, and wait for the next page."""
    await tab_to(page, role, name)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def test_a_patient_chooses_and_a_professional_launches_by_keyboard_alone(
    demo: DemoServer, browser: Browser
) -> None:
    bsn = fresh_bsn()
    async with opened(browser) as page, demo.ehr_client() as ehr:
        (await ehr.post("/dossier", json={"bsn": bsn})).raise_for_status()
        await page.goto(demo.url)
        await press(page, "link", "Sign up")
        for label, text in (("BSN", bsn), ("First name", "Peter"), ("Last name", "de Mol")):
            await tab_to(page, "textbox", label)
            await page.keyboard.type(text)
        await press(page, "button", "Register")
        await press(page, "button", "Approve")
        await expect(page.get_by_text("Approved", exact=True)).to_be_visible()

        await page.goto(demo.simulator_url)
        await tab_to(page, "textbox", "BSN")
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.type(bsn)
        await tab_to(page, "textbox", "Treatment relationship")
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.press("Delete")
        await press(page, "button", "Sign the token")
        await press(page, "button", "Launch")
        await expect(page.get_by_text("Approved", exact=True)).to_be_visible()
        await press(page, "button", "Leave")
        await expect(page.get_by_role("heading", level=1)).to_have_text("You have left")


async def test_a_patient_chooses_and_a_professional_launches_without_script(demo: DemoServer, browser: Browser) -> None:
    bsn = fresh_bsn()
    async with opened(browser, java_script_enabled=False) as page, demo.ehr_client() as ehr:
        (await ehr.post("/dossier", json={"bsn": bsn})).raise_for_status()
        await page.goto(f"{demo.url}/register")
        for label, text in (("BSN", bsn), ("First name", "Peter"), ("Last name", "de Mol")):
            await page.get_by_label(label).fill(text)
        await page.get_by_role("button", name="Register").click()
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_text("Approved", exact=True)).to_be_visible()

        await page.goto(demo.simulator_url)
        await page.get_by_label("BSN").fill(bsn)
        await page.get_by_label("Treatment relationship").fill("")
        await page.get_by_role("button", name="Sign the token").click()
        await page.get_by_role("button", name="Launch").click()
        await expect(page.get_by_text("Approved", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Nederlands").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Uw patiënt is geopend")
        await page.get_by_role("button", name="Afsluiten").click()
        await expect(page.get_by_role("button", name="Afsluiten")).not_to_be_visible()


async def test_the_first_tab_offers_to_skip_to_the_content(demo: DemoServer, browser: Browser) -> None:
    async with opened(browser) as page:
        await page.goto(f"{demo.url}/sign-in")
        await page.keyboard.press("Tab")
        link = page.get_by_role("link", name="Skip to the content")
        await expect(link).to_be_focused()
        box = await link.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("main").get_by_role("link").first).to_be_focused()


async def test_the_language_of_ones_choice_is_there_after_the_browser_was_closed(
    demo: DemoServer, browser: Browser
) -> None:
    async with opened(browser, locale="en-GB") as page:
        await page.goto(f"{demo.url}/sign-in")
        await page.get_by_role("button", name="Nederlands").click()
        await expect(page.locator("html")).to_have_attribute("lang", "nl")
        assert page.url == f"{demo.url}/sign-in"
        state = await page.context.storage_state()
    state["cookies"] = [cookie for cookie in state["cookies"] if cookie["expires"] > 0]  # what outlives the browser
    async with opened(browser, locale="en-GB", storage_state=state) as page:
        await page.goto(demo.url)
        await expect(page.locator("html")).to_have_attribute("lang", "nl")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_how_something_stands_is_told_by_word_and_shape_in_colours_of_ones_own_and_on_paper(
    demo: DemoServer, browser: Browser
) -> None:
    bsn = fresh_bsn()
    async with opened(browser, forced_colors="active", color_scheme="dark") as page, demo.ehr_client() as ehr:
        (await ehr.post("/dossier", json={"bsn": bsn})).raise_for_status()
        await page.goto(f"{demo.url}/register")
        for label, text in (("BSN", bsn), ("First name", "Peter"), ("Last name", "de Mol")):
            await page.get_by_label(label).fill(text)
        await page.get_by_role("button", name="Register").click()
        approve = page.get_by_role("button", name="Approve")
        assert await _style(page, "button[value=approved]", "border-top-style") == "solid"
        await approve.click()
        assert "✓" in await _style(page, ".good", "content", "::before")
        assert await _style(page, ".good", "border-top-style", "::before") == "solid"

        await page.emulate_media(media="print", forced_colors="none", color_scheme="dark")
        await expect(page.get_by_role("button")).to_have_count(0)
        assert await _style(page, "body", "background-color") == "rgb(255, 255, 255)"
        assert await _style(page, ".good", "color") == "rgb(0, 0, 0)"
        await expect(page.get_by_text("Approved", exact=True)).to_be_visible()


async def _style(page: Page, selector: str, name: str, part: str | None = None) -> str:
    """Return how something is shown, or a part of it."""
    style: str = await page.locator(selector).first.evaluate(
        "(one, [name, part]) => getComputedStyle(one, part).getPropertyValue(name)", [name, part]
    )
    return style
