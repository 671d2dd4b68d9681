"""What a browser finds wrong with a page: one look at it in both colour schemes, narrow, enlarged, and by keyboard."""

import os
from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext, Page, ViewportSize

_HERE: Final = Path(__file__).parent
_WIDE: Final[ViewportSize] = {"width": 1280, "height": 800}
_NARROW: Final[ViewportSize] = {"width": 320, "height": 256}
"""What is left of 1280 by 1024 at a zoom of 400 % (WCAG 2.2, 1.4.10)."""

READERS_STYLES: Final = {
    "as it is": "",
    "letters of twice the size": "html { font-size: 200% !important }",  # 1.4.4
    "text spaced out": "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; "
    "word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",  # 1.4.12
}

SCREENSHOTS: Final = _HERE.parents[1] / "test-artifacts" / "pages"


async def bring_instruments(context: BrowserContext) -> None:
    """Have every page of a context carry axe-core and measure.js. The context must bypass the pages' policy."""
    axe = _HERE / "node_modules" / "axe-core" / "axe.min.js"
    await context.add_init_script(axe.read_text())
    await context.add_init_script(f"window.measure = {(_HERE / 'measure.js').read_text()}")


async def _ask(page: Page, function: str, *given: object) -> list[str]:
    found: list[str] = await page.evaluate(f"(given) => measure.{function}(...given)", list(given))
    return found


async def look(page: Page, *, by_keyboard: bool) -> dict[str, list[str]]:
    """Return what is wrong with the page that is open, by what was looked for; and which language it says it is in."""
    wrong = {"keyboard": await _by_keyboard(page) if by_keyboard else []}
    wrong["axe"] = await _ask(page, "broken")
    wrong["headings"] = await _ask(page, "headings")
    wrong["movement"] = await _ask(page, "moving")
    wrong["language"] = [await page.evaluate("document.documentElement.lang")]
    await page.emulate_media(color_scheme="dark")
    wrong["contrast when dark"] = await _ask(page, "broken", ["color-contrast"])
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(_NARROW)
    for style, rules in READERS_STYLES.items():
        wrong[f"narrow, {style}"] = await _ask(page, "tooWide", rules)
    await page.set_viewport_size(_WIDE)
    return wrong


async def _by_keyboard(page: Page) -> list[str]:
    """Press Tab until all is reached, and once more."""
    for _ in range(await page.evaluate("measure.watchFocus()") + 1):
        await page.keyboard.press("Tab")
    return await _ask(page, "notReached")


async def keep_screenshots(page: Page, name: str) -> None:
    """Keep pictures of the page that is open, in both colour schemes, narrow and wide; and of some, how they print.

    Does so where TEST_SCREENSHOTS is set: it takes longer than all else here.
    """
    if not os.environ.get("TEST_SCREENSHOTS"):
        return
    folder = SCREENSHOTS / await page.evaluate("document.documentElement.lang")
    await page.evaluate("document.activeElement?.blur()")
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        for width in (320, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)
    if name.startswith("patient"):
        await page.pdf(path=folder / f"{name}.pdf")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(_WIDE)
