"""The language of a page: the one that the reader chose, else the one that the browser asks for, else English."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import quote

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from common.http.body import form
from common.http.cookies import SessionCookie
from common.http.frames import is_framed
from common.http.negotiation import preferred_language
from common.http.routing import Resource
from schemas.base import Rules, Schema
from website.origin import require_own_origin

_YEAR: Final = 365 * 24 * 60 * 60
COOKIE: Final = SessionCookie("__Host-sso-language", max_age=_YEAR)

_OWN_PLACE: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path here, with its query. `//host` and `/\\host` are another site's; so may be what has white space in it."""


class Language(StrEnum):
    """The languages that the pages are in (BCP 47)."""

    ENGLISH = "en"
    DUTCH = "nl"


def language_of(request: Request) -> Language:
    """Return the language in which this reader gets a page."""
    chosen = COOKIE.read(request)
    if chosen in set(Language):
        return Language(chosen)
    asked = preferred_language(request.headers.get("accept-language", ""), list(Language))
    return Language(asked) if asked else Language.ENGLISH


def place_of(request: Request) -> str | None:
    """Return where this page can be had again in another language, None for the answer to a form and inside a frame."""
    if request.method not in {"GET", "HEAD"} or is_framed(request):
        return None
    path, query = quote(request.scope["path"]), request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


class LanguageForm(Schema):
    language: Annotated[Language, Field(strict=False)]
    next: str = "/"


@dataclass(frozen=True, slots=True)
class LanguageSwitch:
    """`/language`: the button for the other language, on every page. `origins` are those of our own pages."""

    origins: Collection[str]

    def routes(self) -> list[Resource]:
        """Return the route of the switch."""
        return [Resource("/language", wire="page", POST=self.switch)]

    async def switch(self, request: Request) -> Response:
        """Remember the language for a year, and show the page again."""
        require_own_origin(request, self.origins)
        asked = LanguageForm.parse(await form(request), Rules())
        response = RedirectResponse(asked.next if _OWN_PLACE.fullmatch(asked.next) else "/", 303)
        COOKIE.write(response, asked.language)
        return response
