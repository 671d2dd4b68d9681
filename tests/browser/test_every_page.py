"""Every page, in both languages, looked at by a real browser. A new page is a line in tests/browser/tour.py."""

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.looked import READERS_STYLES, bring_instruments, keep_screenshots, look
from tests.browser.tour import IN_ENGLISH_ALONE, PAGES, Stop
from tests.browser.visitor import Visitor
from tests.support.demo_server import DemoServer
from website.language import Language

Found = dict[str, dict[str, list[str]]]
"""What is wrong, by page and by what was looked for."""


def pages_in(language: Language) -> dict[str, Stop]:
    """Return the pages that there are in a language."""
    return {name: stop for name, stop in PAGES.items() if language is Language.ENGLISH or name not in IN_ENGLISH_ALONE}


def walks_by_keyboard(language: Language, name: str) -> bool:
    """The keyboard comes past the same in both languages; the API's page has hundreds of links and nothing else."""
    return language is Language.ENGLISH and name != "api"


async def status_of(page: Page) -> int:
    """Return the status with which the page was answered."""
    status: int = await page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
    return status


async def walk(browser: Browser, demo: DemoServer, language: Language) -> Found:
    """Look at every page, once it is sure that it is the one meant.

    The browser asks for its language; what measures the pages needs leave to run in them.
    """
    walked = Found()
    async with (
        demo.ehr_client() as ehr,
        await browser.new_context(locale=f"{language}-NL", bypass_csp=True) as context,
    ):
        await bring_instruments(context)
        visitor = Visitor(await context.new_page(), demo, ehr, language)
        for name, stop in pages_in(language).items():
            await stop.step(visitor)
            assert await status_of(visitor.page) == stop.status, name
            await expect(visitor.page.locator(stop.shows).first, name).to_be_visible()
            walked[name] = await look(visitor.page, by_keyboard=walks_by_keyboard(language, name))
            await keep_screenshots(visitor.page, name)
    return walked


@pytest.fixture(scope="module")
async def walks(browser: Browser, demo: DemoServer) -> dict[Language, Found]:
    """One walk past every page in each language, at once."""
    done = await asyncio.gather(*(walk(browser, demo, language) for language in Language))
    return dict(zip(Language, done, strict=True))


@pytest.fixture(params=Language)
def found(request: pytest.FixtureRequest, walks: dict[Language, Found]) -> Found:
    """What is wrong in one language."""
    return walks[request.param]


def wrong(found: Found, kind: str) -> dict[str, list[str]]:
    """Return the pages with something wrong of a kind, and what it is."""
    assert len(found) > 20
    return {page: one[kind] for page, one in found.items() if one[kind]}


def test_no_page_breaks_a_rule_of_wcag_or_of_good_practice_that_axe_knows(found: Found) -> None:
    assert wrong(found, "axe") == {}


def test_what_is_written_stands_out_in_the_dark_too(found: Found) -> None:
    assert wrong(found, "contrast when dark") == {}


def test_each_page_has_one_main_heading_and_leaves_no_level_out(found: Found) -> None:
    assert wrong(found, "headings") == {}


def test_the_keyboard_reaches_everything_in_reading_order_shows_where_it_is_and_gets_out(
    walks: dict[Language, Found],
) -> None:
    assert wrong(walks[Language.ENGLISH], "keyboard") == {}


def test_nothing_moves(found: Found) -> None:
    assert wrong(found, "movement") == {}


@pytest.mark.parametrize("style", READERS_STYLES)
def test_nothing_sticks_out_or_is_cut_off_at_320_pixels(found: Found, style: str) -> None:
    assert wrong(found, f"narrow, {style}") == {}


@pytest.mark.parametrize("language", Language)
def test_a_page_says_in_which_language_it_is_and_that_is_the_browsers(
    walks: dict[Language, Found], language: Language
) -> None:
    said = {page: one["language"] for page, one in walks[language].items()}
    assert said == {page: [language] for page in pages_in(language)}
