"""The pages of a launch: what the professional has open, and leaving it."""

from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.http.body import form
from common.http.routing import Resource
from common.sessions import csrf_token
from schemas.base import Rules, Schema
from sso.launch.resume import LaunchSessions
from sso.launch.routes import COOKIE
from website.origin import require_own_form, require_own_origin
from website.pages import Pages


class LeaveForm(Schema):
    """A form without a CSRF token counts as one with a wrong token."""

    csrf_token: str = ""


@dataclass(frozen=True, slots=True)
class LaunchPages:
    """The pages of a launched browser. `origins` are those of our own pages."""

    sessions: LaunchSessions
    pages: Pages
    origins: Collection[str]

    def routes(self) -> list[Resource]:
        """Return the routes of these pages."""
        return [
            Resource("/launch/{launchId}", wire="page", GET=self.show),
            Resource("/launch/{launchId}/leave", wire="page", POST=self.leave),
        ]

    async def show(self, request: Request) -> Response:
        """Show the launch that this browser has open, as it is now."""
        token = COOKIE.read(request)
        launch = await self.sessions.resume(token, request.path_params["launchId"])
        return self.pages.show(
            request, "launch.html", context=launch.context, told=launch.patient, csrf_token=csrf_token(token or "")
        )

    async def leave(self, request: Request) -> Response:
        """End the session, if this launch is the one that is open."""
        token, launch_id = COOKIE.read(request), request.path_params["launchId"]
        require_own_origin(request, self.origins)
        await self.sessions.require_open(token, launch_id)  # 409 before its form's token is looked at
        require_own_form(token or "", LeaveForm.parse(await form(request), Rules()).csrf_token)
        await self.sessions.leave(token, launch_id)
        response = self.pages.show(request, "left.html")
        COOKIE.clear(response)
        return response
