"""`GET /company/professionals`, and `DELETE /company/professionals/{sub}` for a link that is wrong."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.query import parameters
from common.http.routing import Resource
from identity.page import asked_page, cursor_of
from identity.professionals.links import Links
from schemas.bodies import ProfessionalAnswer, ProfessionalPage
from schemas.callers import CompanyAccess
from schemas.identifiers import name_or_none
from schemas.scopes import Scope

SCOPE: Final = Scope.SSO_ISSUE
"""Whoever may have tokens signed for every `sub` of a company says who its professionals are already (ADR 0025)."""


@dataclass(frozen=True, slots=True)
class ProfessionalEndpoints:
    """A company's professionals: its own names for them, and the accounts behind; nothing else is said of anybody."""

    links: Links
    access: CompanyAccess

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints. A `sub` can be any text, so it is all of the path's rest."""
        return [
            Resource("/company/professionals", GET=self.index),
            Resource("/company/professionals/{sub:path}", DELETE=self.unlink),
        ]

    async def index(self, request: Request) -> Response:
        """List the company's professionals, page by page."""
        caller = await self.access.company(bearer_token(request), SCOPE)
        shown, more = await self.links.page(caller.company_id, *asked_page(parameters(request)))
        items = [
            ProfessionalAnswer(sub=link.sub, account_id=link.account_id, linked_at=link.linked_at) for link in shown
        ]
        return json_answer(ProfessionalPage(items=items, next_cursor=cursor_of(more) if more else None))

    async def unlink(self, request: Request) -> Response:
        """Undo a link that is wrong."""
        caller = await self.access.company(bearer_token(request), SCOPE)
        await self.links.undo(caller.company_id, name_or_none(request.path_params["sub"]))
        return Response(status_code=204)
