"""The form of the simulated EHR: choose who opens which patient, with which key and which fault, and sign the token."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from joserfc.jwk import ECKey
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from common.errors import TokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown
from common.http.address import client_address
from common.http.body import form
from common.http.routing import Resource
from common.limits import Counted, Limits
from dossier.service import Dossiers
from schemas.base import Rules, Schema, Text
from schemas.identifiers import Bsn
from services.demo.draft import Draft, SigningKey
from services.demo.ehr import SimulatedEhr
from services.demo.examples import ANNA, PETER
from services.demo.faults import FAULTS, NO_FAULT, Fault
from services.demo.forging import stranger
from services.demo.signed_tokens import SignedToken, SignedTokens
from services.demo.typed import without_bsns
from sso.launch.flow import LaunchFlow
from website.origin import require_own_origin
from website.pages import Pages
from website.translations import translatable

_CLOCK: Final = re.compile(r"-?[0-9]{1,6}")
_MESSAGES: Final = {
    "clock": translatable("Type a whole number of six digits at most, such as 90 or -90."),
    "bsn": translatable("Type the BSN again: it is not sent back to you."),
}


class Visit(Schema):
    """What is typed into the EHR. Who and whom is not checked here: what is wrong, the service has to find."""

    sub: Text = ""
    firstname: Text = ""
    lastname: Text = ""
    email: Text = ""
    agb: Text = ""
    bsn: Text = ""
    patient_firstname: Text = ""
    patient_lastname: Text = ""
    patient_email: Text = ""
    treatment_relationship_id: Text = ""
    key: Literal["rsa", "ec", "unknown"] = "rsa"
    clock: Text = ""
    clock_unit: Literal["seconds", "minutes"] = "seconds"
    fault: Text = NO_FAULT.name
    example: Text = ""

    @property
    def ahead(self) -> timedelta | None:
        """Return how far the EHR's clock is ahead; None if that is no number."""
        typed = self.clock.strip() or "0"
        return timedelta(**{self.clock_unit: int(typed)}) if _CLOCK.fullmatch(typed) else None


@dataclass(frozen=True, slots=True)
class Simulator:
    """The form of the simulated EHR. `origins` are those of our own pages."""

    ehr: SimulatedEhr
    dossiers: Dossiers
    launches: LaunchFlow
    tokens: SignedTokens
    limits: Limits
    pages: Pages
    rules: Rules
    origins: Collection[str]

    def routes(self) -> list[Resource]:
        """Return the routes of this page."""
        return [Resource("/simulator", wire="page", GET=self.ask, POST=self.sign)]

    async def ask(self, request: Request) -> Response:
        """Show the form, filled with the example and the fault that the query names, else with the first of each."""
        return self._form(request, request.query_params.get("example", ""))

    async def sign(self, request: Request) -> Response:
        """Sign the token, and go on to its page.

        Like many an EHR it first sees to it that its company has a dossier on the patient.
        """
        require_own_origin(request, self.origins)
        async with self.limits.of_address(client_address(request), Counted.SIMULATIONS):
            return await self._signed(request, await form(request))

    async def _signed(self, request: Request, fields: Mapping[str, str]) -> Response:
        visit = Visit.parse(fields, Rules())
        ahead, fault = visit.ahead, _fault(visit.fault)
        if ahead is None or fault is None:
            typed = without_bsns(fields)
            wrong = ["bsn"] if ahead is not None else ["bsn", "clock"]
            return self._form(
                request, visit.example, 422, typed=typed, messages={name: _MESSAGES[name] for name in wrong}
            )
        draft = Draft.of(self._key(visit), self._claims(visit, ahead))
        if fault.presented is not None:
            await self._present(fault.presented(draft))
        signed = SignedToken(
            token=fault.token(draft),
            client_id=fault.client_id(str(self.ehr.company_id)),
            key=visit.key,
            fault=fault.name,
            example=visit.example,
            has_dossier=await self._make_dossier(visit.bsn),
        )
        return RedirectResponse(f"/simulator/{await self.tokens.keep(signed)}", 303)

    def _form(
        self,
        request: Request,
        example: str,
        status: int = 200,
        *,
        typed: Mapping[str, str] | None = None,
        messages: Mapping[str, str] | None = None,
    ) -> Response:
        return self.pages.show(
            request,
            "simulator.html",
            status,
            company_name=self.ehr.company_name,
            example=example,
            typed=typed,
            messages=messages or {},
            faults=FAULTS,
            fault=(_fault(request.query_params.get("fault")) or NO_FAULT).name,
            peter=PETER,
            anna=ANNA,
        )

    def _key(self, visit: Visit) -> SigningKey:
        match visit.key:
            case "rsa":
                return self.ehr.rsa
            case "ec":
                return self.ehr.ec
            case "unknown":
                return stranger(ECKey)

    async def _present(self, token: str) -> None:
        """Launch from the EHR's back end, before the browser does. What is refused has at least been tried."""
        with suppress(TokenRejected, TreatmentRelationshipConflict, TreatmentRelationshipUnknown):
            await self.launches.launch(token, str(self.ehr.company_id), None)

    async def _make_dossier(self, bsn: str) -> bool:
        try:
            await self.dossiers.create(self.ehr.company_id, Bsn(bsn, self.rules))
        except ValueError:  # no BSN, or a wrong one, which the service has to find
            return False
        return True

    def _claims(self, visit: Visit, ahead: timedelta) -> dict[str, object]:
        return self.ehr.claims(
            sub=visit.sub,
            prof_info={
                "firstname": visit.firstname,
                "lastname": visit.lastname,
                "email": visit.email,
                "agb": visit.agb,
            },
            patient_info={
                "bsn": visit.bsn,
                "firstname": visit.patient_firstname,
                "lastname": visit.patient_lastname,
                "email": visit.patient_email,
            },
            treatment_relationship_id=visit.treatment_relationship_id,
            ahead=ahead,
        )


def _fault(name: str | None) -> Fault | None:
    return next((fault for fault in FAULTS if fault.name == name), None)
