"""The demo's registration and sign-in of patients. Production has neither: there an OpenID provider vouches."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from common.errors import InvalidInput, NotAuthenticated
from common.http.address import client_address
from common.http.body import form
from common.http.problems import headers_of, row_of
from common.http.routing import Resource
from common.limits import Limits
from identity.patients.registered import Patient, RegisteredPatients
from identity.patients.sessions import PatientSessions
from schemas.base import FilledText, Rules, Schema
from schemas.identifiers import Bsn
from services.demo.examples import EXAMPLES
from services.demo.typed import without_bsns
from website.origin import require_own_origin
from website.pages import Pages
from website.patient_site import COOKIE
from website.translations import translatable

_MESSAGES = {
    "bsn": translatable("Type the eight or nine digits of your BSN."),
    "firstName": translatable("Type your first name."),
    "lastName": translatable("Type your last name."),
}


class Registration(Schema):
    bsn: Bsn
    first_name: FilledText
    last_name: FilledText


class SignIn(Schema):
    bsn: Bsn
    last_name: FilledText


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """The pages on which a patient of the demo registers and signs in. `origins` are those of our own pages."""

    patients: RegisteredPatients
    sessions: PatientSessions
    limits: Limits
    pages: Pages
    rules: Rules
    origins: Collection[str]

    def routes(self) -> list[Resource]:
        """Return the routes of these pages."""
        return [
            Resource("/register", wire="page", GET=self.show_register, POST=self.register),
            Resource("/sign-in", wire="page", GET=self.show_sign_in, POST=self.sign_in),
        ]

    async def show_register(self, request: Request) -> Response:
        """Show the form to register."""
        return self.pages.show(request, "register.html", typed={}, problem="", messages={}, examples=EXAMPLES)

    async def show_sign_in(self, request: Request) -> Response:
        """Show the form to sign in."""
        return self.pages.show(request, "sign_in.html", typed={}, problem="", messages={}, examples=EXAMPLES)

    async def register(self, request: Request) -> Response:
        """Register a patient and sign them in, or show the form again."""
        require_own_origin(request, self.origins)
        fields = await form(request)
        try:
            asked = Registration.parse(fields, self.rules)
            async with self.limits.of_patient(client_address(request)):
                patient = await self.patients.register(asked.bsn, asked.first_name, asked.last_name)
        except (InvalidInput, NotAuthenticated) as error:
            return self._again(request, "register.html", fields, error)
        return await self._signed_in(request, patient)

    async def sign_in(self, request: Request) -> Response:
        """Sign a patient in, or show the form again."""
        require_own_origin(request, self.origins)
        fields = await form(request)
        try:
            asked = SignIn.parse(fields, self.rules)
            async with self.limits.of_patient(client_address(request)):
                patient = await self.patients.recognise(asked.bsn, asked.last_name)
        except (InvalidInput, NotAuthenticated) as error:
            return self._again(request, "sign_in.html", fields, error)
        return await self._signed_in(request, patient)

    async def _signed_in(self, request: Request, patient: Patient) -> Response:
        name = f"{patient.first_name} {patient.last_name}"
        token = await self.sessions.open(patient.pseudoniem, name, previous=COOKIE.read(request))
        response = RedirectResponse("/", 303)
        COOKIE.write(response, token)
        return response

    def _again(
        self, request: Request, template: str, fields: Mapping[str, str], error: InvalidInput | NotAuthenticated
    ) -> Response:
        """Show the form again; the BSN has to be typed anew, so that it is in no response."""
        invalid = [fault.pointer.removeprefix("/") for fault in error.faults] if isinstance(error, InvalidInput) else []
        if not _MESSAGES.keys() >= set(invalid):
            raise error  # a field that the form does not have: there is nothing to mend in it
        return self.pages.show(
            request,
            template,
            row_of(type(error)).status,
            headers=headers_of(error),
            typed=without_bsns(fields),
            problem=translatable("Some of what you typed is not right.") if invalid else error.detail,
            messages={name: _MESSAGES[name] for name in invalid},
            examples=EXAMPLES,
        )
