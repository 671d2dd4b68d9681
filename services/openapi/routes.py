"""`/openapi.json` and `/docs`: made once, for the routes that are served."""

import json
from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from common.http.routing import Resource
from services.openapi.catalogue import AREAS
from services.openapi.document import Areas, document
from website.pages import Pages


class OpenApi:
    """The description of the operations in `areas`."""

    def __init__(self, areas: Areas, issuer: str, pages: Pages) -> None:
        described = document(areas, issuer)
        self._document = json.dumps(described, ensure_ascii=False).encode()
        self._page = pages.show("docs.html", document=described).body

    def routes(self) -> list[Resource]:
        """Return the routes of the description."""
        return [Resource("/openapi.json", GET=self.show), Resource("/docs", wire="page", GET=self.show_page)]

    async def show(self, _request: Request) -> Response:
        """Show the description to machines."""
        return Response(self._document, media_type="application/json")

    async def show_page(self, _request: Request) -> Response:
        """Show the description to people."""
        return HTMLResponse(self._page)


def served_by(served: Collection[Resource]) -> Areas:
    """Return those operations whose path is served."""
    paths = {resource.path for resource in served}
    chosen = {area: [one for one in operations if one.path in paths] for area, operations in AREAS.items()}
    return {area: operations for area, operations in chosen.items() if operations}
