"""A company's dossiers, and the permission that its patients gave (contract, section 5)."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.page import after, limit
from common.http.query import parameters
from common.http.routing import Resource
from dossier.cursor import parse_cursor
from dossier.model import Dossier
from dossier.permissions import permission_of
from dossier.service import Dossiers
from schemas.base import Rules
from schemas.bodies import DossierAnswer, DossierPage, OfPatient, OfPatients, PermissionAnswer, PermissionAnswers
from schemas.callers import DossierAccess
from schemas.identifiers import DossierId, bsn_from_path
from schemas.pseudoniem import company_form
from schemas.scopes import Scope


@dataclass(frozen=True, slots=True)
class DossierEndpoints:
    """The endpoints of the seed `dossier-api.txt`."""

    dossiers: Dossiers
    access: DossierAccess
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints. `{key}` is a dossier's id to GET, a BSN to DELETE."""
        return [
            Resource("/dossier", GET=self.index, POST=self.create),
            Resource("/dossier/permission", POST=self.permission_by_body),
            Resource("/dossier/permissions", POST=self.permissions),
            Resource("/dossier/{key}", GET=self.show, DELETE=self.delete),
            Resource("/dossier/{bsn}/permission", GET=self.permission_by_path),
        ]

    async def index(self, request: Request) -> Response:
        """List the dossiers that the caller may see, page by page."""
        caller = await self.access.company_or_launch(bearer_token(request), Scope.DOSSIER_READ)
        given = parameters(request)
        shown, more = await self.dossiers.page(caller, after(given, parse_cursor), limit(given))
        answers = [_answer(dossier) for dossier in shown]
        return json_answer(DossierPage(items=answers, next_cursor=str(more) if more else None))

    async def create(self, request: Request) -> Response:
        """Make a dossier: 201, or 200 if the company has it already."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_WRITE)
        patient = OfPatient.parse(await json_object(request), self.rules)
        dossier, new = await self.dossiers.create(caller.company_id, patient.bsn)
        location = {"Location": f"/dossier/{dossier.dossier_id}"}
        return json_answer(_answer(dossier), 201 if new else 200, headers=location)

    async def show(self, request: Request) -> Response:
        """Show one dossier of the company."""
        caller = await self.access.company_or_launch(bearer_token(request), Scope.DOSSIER_READ)
        dossier = await self.dossiers.show(caller, _dossier_id(request.path_params["key"]))
        return json_answer(_answer(dossier))

    async def delete(self, request: Request) -> Response:
        """Delete the dossier on a patient."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_WRITE)
        await self.dossiers.delete(caller.company_id, bsn_from_path(request.path_params["key"], self.rules))
        return Response(status_code=204)

    async def permission_by_path(self, request: Request) -> Response:
        """Say whether the patient approved; the BSN is in the path."""
        caller = await self.access.company(bearer_token(request), Scope.PERMISSION_READ)
        await self.dossiers.require_permission(caller.company_id, bsn_from_path(request.path_params["bsn"], self.rules))
        return json_answer(PermissionAnswer(gave_permission=True))

    async def permission_by_body(self, request: Request) -> Response:
        """Say whether the patient approved; the BSN is in the body."""
        caller = await self.access.company(bearer_token(request), Scope.PERMISSION_READ)
        patient = OfPatient.parse(await json_object(request), self.rules)
        await self.dossiers.require_permission(caller.company_id, patient.bsn)
        return json_answer(PermissionAnswer(gave_permission=True))

    async def permissions(self, request: Request) -> Response:
        """Say of many patients whether they approved, in the order asked."""
        caller = await self.access.company(bearer_token(request), Scope.PERMISSION_READ)
        asked = OfPatients.parse(await json_object(request), self.rules)
        given = await self.dossiers.permissions(caller.company_id, asked.bsns)
        results = [PermissionAnswer(gave_permission=permission) for permission in given]
        return json_answer(PermissionAnswers(results=results))


def _dossier_id(text: str) -> DossierId | None:
    try:
        return DossierId(UUID(text))
    except ValueError:
        return None  # it names no dossier


def _answer(dossier: Dossier) -> DossierAnswer:
    return DossierAnswer(
        dossier_id=dossier.dossier_id,
        pseudoniem=company_form(dossier.pseudoniem, dossier.company_id),
        permission=permission_of(dossier),
        created_at=dossier.created_at,
    )
