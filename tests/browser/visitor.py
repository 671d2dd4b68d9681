"""Somebody who walks past the pages of a running demo."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import httpx2
from playwright.async_api import Page

from tests.support.bsns import fresh_bsn
from tests.support.demo_server import DemoServer
from tests.support.ehr import PROFESSIONAL, Ehr
from website.language import Language
from website.pages import Pages


@dataclass
class Visitor:
    """Somebody in a browser of their own, who is the patient and the professional by turns."""

    page: Page
    demo: DemoServer
    ehr: httpx2.AsyncClient
    language: Language
    bsn: str = field(default_factory=fresh_bsn)
    token: str = ""
    """The token that was signed last, and `launch`: the address of the page that it opened."""
    launch: str = ""

    async def go(self, path: str) -> None:
        """Go to a page of the service."""
        await self.page.goto(f"{self.demo.url}{path}")

    async def press(self, button: str) -> None:
        """Press a button, named by CSS, and wait for the page that follows."""
        async with self.page.expect_navigation():
            await self.page.click(button)

    async def fill(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            await self.page.fill(f"[name={name}]", value)

    async def write(self, **fields: str) -> None:
        """Change hidden fields of the forms on the page."""
        for name, value in fields.items():
            await self.page.locator(f"input[name={name}]").first.evaluate(
                "(one, value) => { one.value = value }", value
            )

    async def send(self, path: str, **fields: str) -> None:
        """Send a form to the service that no page of ours shows."""
        async with self.page.expect_navigation():
            await self.page.evaluate(_SEND, [f"{self.demo.url}{path}", fields])

    async def open(self, **changes: object) -> None:
        """Launch: sign a token as the EHR does, with changes to its claims, and send it."""
        told = {"profInfo": PROFESSIONAL, "patientInfo": {"bsn": self.bsn, "firstname": "Peter", "lastname": "de Mol"}}
        signer = Ehr("RS256", self.demo.ehr_key())
        self.token = signer.sign(signer.claims(datetime.now(UTC), **{**told, **changes}))
        await self.send("/sso/launch", token=self.token)
        self.launch = self.page.url.removeprefix(self.demo.url)

    async def dossier(self) -> None:
        """Let the EHR's company hold a dossier on this patient."""
        (await self.ehr.post("/dossier", json={"bsn": self.bsn})).raise_for_status()

    async def show(self, template: str, **values: object) -> None:
        """Show a page of production, which the demo has not."""
        await self.page.route(f"{self.demo.url}{NOWHERE}", lambda route: route.fulfill(status=204))
        await self.page.set_content(Pages().render(template, self.language, "/", **values))


NOWHERE: Final = "/shown/nowhere"
"""Who is led there, stays on the page that leads there."""

_SEND: Final = """([address, fields]) => {
    const form = Object.assign(document.createElement('form'), {action: address, method: 'post'});
    for (const [name, value] of Object.entries(fields))
        form.append(Object.assign(document.createElement('input'), {name, value, type: 'hidden'}));
    document.body.append(form);
    form.submit();
}"""
