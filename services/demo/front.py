"""The demo's first page: what this is, and where to go."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.http.routing import Resource
from services.demo.examples import PETER
from website.pages import Pages


@dataclass(frozen=True, slots=True)
class FrontPage:
    """What `/` shows who is not signed in. The simulated EHR is on another host name: for the browser another site."""

    pages: Pages
    simulator_url: str

    def routes(self) -> list[Resource]:
        """Return the route of the page for who is signed in: `/` is theirs then."""
        return [Resource("/guide", wire="page", GET=self)]

    async def __call__(self, request: Request) -> Response:
        """Show the page."""
        return self.pages.show(request, "front.html", simulator_url=self.simulator_url, peter=PETER)
