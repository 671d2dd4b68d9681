"""`POST /sso/launch`, the session that it opens (`GET` and `DELETE /sso/session`), and `POST /sso/diagnose`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from common.errors import NotAuthenticated, OtherPatientOpen
from common.http.address import client_address
from common.http.bearer import bearer_token
from common.http.body import FORM, JSON, form, json_object, media_type
from common.http.cookies import SessionCookie
from common.http.negotiation import prefers_page
from common.http.query import parameters
from common.http.routing import Resource
from common.limits import Counted, Limits
from common.sessions import new_token
from schemas.base import Rules
from schemas.bodies import DiagnosisRequest, LaunchRequest
from schemas.callers import CompanyAccess
from schemas.scopes import Scope
from sso.launch.context import LaunchContexts
from sso.launch.diagnosis import Diagnosis
from sso.launch.flow import LaunchFlow
from sso.launch.resume import LaunchSessions
from sso.launch.session import Browser

COOKIE: Final = SessionCookie("__Host-sso-session")


@dataclass(frozen=True, slots=True)
class LaunchEndpoints:
    """The endpoints of a launch (contract, section 3)."""

    limits: Limits
    flow: LaunchFlow
    contexts: LaunchContexts
    sessions: LaunchSessions

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        return [
            Resource("/sso/launch", POST=self.launch),
            Resource("/sso/continue", wire="page", GET=self.go_on),
            Resource("/sso/session", GET=self.show, DELETE=self.leave),
        ]

    async def launch(self, request: Request) -> Response:
        """Launch: for a browser a redirect to the page with a session, for a back end the launch context."""
        asked = await _read(request)
        async with self.limits.of_address(client_address(request), Counted.LAUNCHES):
            return await self._launch(request, asked)

    async def _launch(self, request: Request, asked: LaunchRequest) -> Response:
        if not prefers_page(request.headers.get("accept", "")):
            launch, company = await self.flow.launch(asked.token, asked.client_id, None)
            context = await self.contexts.of(launch, company, launch.launched_at)
            return JSONResponse(context.wire())
        browser = Browser(new_token(), COOKIE.read(request))
        launch, _ = await self.flow.launch(asked.token, asked.client_id, browser)
        response = RedirectResponse(f"/launch/{launch.launch_id}", 303)
        COOKIE.write(response, browser.token)
        return response

    async def go_on(self, request: Request) -> Response:
        """Lead a browser that posted its token twice back to the launch that it has open."""
        launch_id = parameters(request).get("launchId", "")
        try:
            await self.sessions.require_open(COOKIE.read(request), launch_id)
        except OtherPatientOpen:
            raise NotAuthenticated(
                "The page of that launch is not open in this browser, or not any more. Start again from your EHR."
            ) from None
        return RedirectResponse(f"/launch/{launch_id}", 303)

    async def show(self, request: Request) -> Response:
        """Show the launch that this browser has open, as it is now."""
        launch = await self.sessions.resume(COOKIE.read(request))
        return JSONResponse(launch.context.wire())

    async def leave(self, request: Request) -> Response:
        """End the session; with `?launchId=` only if that launch is the one that is open."""
        await self.sessions.leave(COOKIE.read(request), parameters(request).get("launchId"))
        response = Response(status_code=204)
        COOKIE.clear(response)
        return response


@dataclass(frozen=True, slots=True)
class DiagnosisEndpoint:
    """`POST /sso/diagnose` (contract, section 3)."""

    diagnosis: Diagnosis
    access: CompanyAccess

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/sso/diagnose", POST=self.diagnose)]

    async def diagnose(self, request: Request) -> Response:
        """Tell the company that calls what a launch with its token would answer."""
        caller = await self.access.company(bearer_token(request), Scope.SSO_ISSUE)
        asked = DiagnosisRequest.parse(await json_object(request), Rules())
        answer = await self.diagnosis.of(asked.token, caller.company_id)
        return JSONResponse(answer.wire())


async def _read(request: Request) -> LaunchRequest:
    if media_type(request, FORM, JSON) == JSON:
        return LaunchRequest.parse(await json_object(request), Rules())
    return LaunchRequest.parse(_known(await form(request)), Rules())


def _known(fields: Mapping[str, str]) -> dict[str, str]:
    """Leave out what an EHR's form has besides: a submit button's name, say."""
    return {name: fields[name] for name in ("token", "clientId") if name in fields}
