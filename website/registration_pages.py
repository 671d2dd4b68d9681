"""The form on which a professional registers, after a launch that told too little."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from common.errors import InvalidInput
from common.http.body import form
from common.http.problems import row_of
from common.http.query import parameters
from common.http.routing import Resource
from schemas.base import FilledText, Rules, Schema
from schemas.claims import ProfInfo
from schemas.identifiers import Email
from sso.launch.registration import Registrations
from sso.launch.resume import LaunchSessions
from sso.launch.routes import COOKIE
from website.origin import require_own_origin
from website.pages import Pages
from website.translations import translatable

_MESSAGES = {
    "firstname": translatable("Type your first name."),
    "lastname": translatable("Type your last name."),
    "email": translatable("Type your e-mail address, as in name@example.nl."),
}


class RegistrationForm(Schema):
    """`code` is what came with the address of the form."""

    code: str = ""
    firstname: FilledText
    lastname: FilledText
    email: Email


@dataclass(frozen=True, slots=True)
class RegistrationPages:
    """The pages of a registration. `origins` are those of our own pages."""

    registrations: Registrations
    sessions: LaunchSessions
    pages: Pages
    origins: Collection[str]

    def routes(self) -> list[Resource]:
        """Return the routes of these pages."""
        return [Resource("/launch/{launchId}/register", wire="page", GET=self.ask, POST=self.register)]

    async def ask(self, request: Request) -> Response:
        """Show the form, filled with what the EHR told."""
        code = parameters(request).get("code", "")
        launch = await self.registrations.open(request.path_params["launchId"], code)
        told = launch.told or ProfInfo()
        typed = {name: getattr(told, name) or "" for name in _MESSAGES}
        return self.pages.show(request, "register_professional.html", code=code, typed=typed, messages={})

    async def register(self, request: Request) -> Response:
        """Register, and go on to the launch; or show the form again."""
        require_own_origin(request, self.origins)
        launch_id, cookie = request.path_params["launchId"], COOKIE.read(request)
        await self.sessions.require_no_other(cookie, launch_id)
        fields = await form(request)
        await self.registrations.open(launch_id, fields.get("code", ""))
        try:
            asked = RegistrationForm.parse(fields, Rules())
        except InvalidInput as error:
            return self._again(request, fields, error)
        info = ProfInfo(firstname=asked.firstname, lastname=asked.lastname, email=asked.email)
        launch = await self.registrations.register(launch_id, asked.code, info)
        response = RedirectResponse(f"/launch/{launch.launch_id}", 303)
        token = await self.sessions.begin(launch, cookie)
        if token is not None:
            COOKIE.write(response, token)
        return response

    def _again(self, request: Request, fields: Mapping[str, str], error: InvalidInput) -> Response:
        invalid = [fault.pointer.removeprefix("/") for fault in error.faults]
        if not _MESSAGES.keys() >= set(invalid):
            raise error  # a field that the form does not have: there is nothing to mend in it
        return self.pages.show(
            request,
            "register_professional.html",
            row_of(type(error)).status,
            code=fields.get("code", ""),
            typed={name: fields.get(name, "") for name in _MESSAGES},
            messages={name: _MESSAGES[name] for name in invalid},
        )
