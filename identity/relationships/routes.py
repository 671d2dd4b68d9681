"""`/api/v1/treatment_relationships`: a company's treatment relationships, under its own names for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.page import link_to_next
from common.http.query import parameters
from common.http.routing import Resource
from identity.page import asked_page, cursor_of
from identity.relationships.administration import Administration
from schemas.bodies import RelationshipAnswer
from schemas.callers import CompanyAccess
from schemas.facts import Relationship
from schemas.identifiers import CompanyId, name_or_none
from schemas.pseudoniem import company_form
from schemas.scopes import Scope

_LIST: Final = "/api/v1/treatment_relationships"


@dataclass(frozen=True, slots=True)
class RelationshipEndpoints:
    """The endpoints of treatment relationships, for the company's own token alone."""

    relationships: Administration
    access: CompanyAccess

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints. An id can be any text, so it is all of the path's rest."""
        return [
            Resource(_LIST, wire="fields", GET=self.index),
            Resource(f"{_LIST}/{{id:path}}", wire="fields", GET=self.show, DELETE=self.end),
        ]

    async def index(self, request: Request) -> Response:
        """List the company's treatment relationships, page by page."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_READ)
        after, limit = asked_page(parameters(request))
        shown, more = await self.relationships.page(caller.company_id, after, limit)
        answers = [_answer(caller.company_id, *dated).wire() for dated in shown]
        return JSONResponse(answers, headers=_next(limit, more) if more else None)

    async def show(self, request: Request) -> Response:
        """Show one."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_READ)
        found = await self.relationships.show(caller.company_id, name_or_none(request.path_params["id"]))
        return json_answer(_answer(caller.company_id, *found))

    async def end(self, request: Request) -> Response:
        """End one."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_WRITE)
        await self.relationships.end(caller.company_id, name_or_none(request.path_params["id"]))
        return Response(status_code=204)


def _next(limit: int, more: str) -> dict[str, str]:
    return link_to_next(_LIST, {"limit": limit, "cursor": cursor_of(more)})


def _answer(company_id: CompanyId, relationship: Relationship, made_at: datetime) -> RelationshipAnswer:
    seen = company_form(relationship.pseudoniem, company_id)
    return RelationshipAnswer(id=relationship.external_id, pseudoniem=seen, created_at=made_at)
