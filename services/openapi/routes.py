"""`/openapi.json` and `/docs`: made once, when the first asks, for the routes that are served."""

import asyncio
import json
from collections.abc import Collection
from functools import cached_property

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from common.http.routing import Resource
from services.openapi.catalogue import AREAS
from services.openapi.document import Areas, document
from website.language import Language
from website.pages import Pages


class OpenApi:
    """The description of the operations in `areas`."""

    def __init__(self, areas: Areas, issuer: str, pages: Pages) -> None:
        self._areas = areas
        self._issuer = issuer
        self._pages = pages

    def routes(self) -> list[Resource]:
        """Return the routes of the description."""
        return [Resource("/openapi.json", GET=self.show), Resource("/docs", wire="page", GET=self.show_page)]

    async def show(self, _request: Request) -> Response:
        """Show the description to machines."""
        document, _page = await asyncio.to_thread(lambda: self._made)
        return Response(document, media_type="application/json")

    async def show_page(self, _request: Request) -> Response:
        """Show the description to people."""
        _document, page = await asyncio.to_thread(lambda: self._made)
        return HTMLResponse(page)

    @cached_property
    def _made(self) -> tuple[bytes, bytes]:
        described = document(self._areas, self._issuer)
        page = self._pages.render("docs.html", Language.ENGLISH, document=described)
        return json.dumps(described, ensure_ascii=False).encode(), page.encode()


def served_by(served: Collection[Resource]) -> Areas:
    """Return those operations whose path is served."""
    paths = {resource.path for resource in served}
    chosen = {area: [one for one in operations if one.path in paths] for area, operations in AREAS.items()}
    return {area: operations for area, operations in chosen.items() if operations}
