"""`GET` and `POST /pseudoniem`: for our own services alone (contract, section 4)."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.routing import Resource
from identity.pseudoniem.service import Pseudoniemen
from schemas.base import Rules
from schemas.bodies import OfPatient, PseudoniemAnswer
from schemas.callers import InternalAccess
from schemas.identifiers import Bsn, bsn_from_path


@dataclass(frozen=True, slots=True)
class PseudoniemEndpoints:
    """The pseudoniem API."""

    pseudoniemen: Pseudoniemen
    access: InternalAccess
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        return [Resource("/pseudoniem", POST=self.by_body), Resource("/pseudoniem/{bsn}", GET=self.by_path)]

    async def by_path(self, request: Request) -> Response:
        """Show the pseudoniem of the BSN in the path, made on first sight."""
        service = await self.access.internal(bearer_token(request))
        return await self._answer(bsn_from_path(request.path_params["bsn"], self.rules), service)

    async def by_body(self, request: Request) -> Response:
        """Show the pseudoniem of the BSN in the body: what our own services use."""
        service = await self.access.internal(bearer_token(request))
        return await self._answer(OfPatient.parse(await json_object(request), self.rules).bsn, service)

    async def _answer(self, bsn: Bsn, service: str) -> Response:
        return json_answer(PseudoniemAnswer(pseudoniem=await self.pseudoniemen.give(bsn, service)))
