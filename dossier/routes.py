"""A company's dossiers, and the permission that its patients gave (contract, section 5)."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.errors import Fault, InvalidInput, NotFound
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.routing import Resource
from dossier.model import Dossier
from dossier.permissions import permission_of
from dossier.service import Dossiers
from schemas.base import Rules
from schemas.bodies import DossierAnswer, OfPatient, PermissionAnswer
from schemas.callers import CompanyAccess
from schemas.identifiers import Bsn, DossierId
from schemas.pseudoniem import company_form
from schemas.scopes import Scope


@dataclass(frozen=True, slots=True)
class DossierEndpoints:
    """The endpoints of the seed `dossier-api.txt`."""

    dossiers: Dossiers
    access: CompanyAccess
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints. `{key}` is a dossier's id to GET, a BSN to DELETE."""
        return [
            Resource("/dossier", POST=self.create),
            Resource("/dossier/permission", POST=self.permission_by_body),
            Resource("/dossier/{key}", GET=self.show, DELETE=self.delete),
            Resource("/dossier/{bsn}/permission", GET=self.permission_by_path),
        ]

    async def create(self, request: Request) -> Response:
        """Make a dossier: 201, or 200 if the company has it already."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_WRITE)
        patient = OfPatient.parse(await json_object(request), self.rules)
        dossier, new = await self.dossiers.create(caller.company_id, patient.bsn)
        location = {"Location": f"/dossier/{dossier.dossier_id}"}
        return JSONResponse(_answer(dossier), 201 if new else 200, headers=location)

    async def show(self, request: Request) -> Response:
        """Show one dossier of the company."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_READ)
        dossier = await self.dossiers.show(caller.company_id, _dossier_id(request.path_params["key"]))
        return JSONResponse(_answer(dossier))

    async def delete(self, request: Request) -> Response:
        """Delete the dossier on a patient."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_WRITE)
        await self.dossiers.delete(caller.company_id, self._bsn(request, "key"))
        return Response(status_code=204)

    async def permission_by_path(self, request: Request) -> Response:
        """Say whether the patient approved; the BSN is in the path."""
        caller = await self.access.company(bearer_token(request), Scope.PERMISSION_READ)
        await self.dossiers.require_permission(caller.company_id, self._bsn(request, "bsn"))
        return JSONResponse(PermissionAnswer(gave_permission=True).wire())

    async def permission_by_body(self, request: Request) -> Response:
        """Say whether the patient approved; the BSN is in the body."""
        caller = await self.access.company(bearer_token(request), Scope.PERMISSION_READ)
        patient = OfPatient.parse(await json_object(request), self.rules)
        await self.dossiers.require_permission(caller.company_id, patient.bsn)
        return JSONResponse(PermissionAnswer(gave_permission=True).wire())

    def _bsn(self, request: Request, parameter: str) -> Bsn:
        try:
            return Bsn(request.path_params[parameter], self.rules)
        except ValueError:
            raise InvalidInput("The path has no valid BSN.", [Fault("bsn", "bsn")]) from None


def _dossier_id(text: str) -> DossierId:
    try:
        return DossierId(UUID(text))
    except ValueError:
        raise NotFound("There is no such dossier.") from None


def _answer(dossier: Dossier) -> dict[str, object]:
    return DossierAnswer(
        dossier_id=dossier.dossier_id,
        pseudoniem=company_form(dossier.pseudoniem, dossier.company_id),
        permission=permission_of(dossier),
        created_at=dossier.created_at,
    ).wire()
