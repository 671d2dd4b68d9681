"""The pages of the simulated EHR: choose who opens which patient, see the token, launch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.http.body import form
from common.http.routing import Resource
from common.http.security import content_security_policy
from dossier.service import Dossiers
from schemas.base import Rules, Schema, Text
from schemas.identifiers import Bsn
from services.demo.ehr import SimulatedEhr
from website.pages import Pages

_SHOWN_DIGITS = 4


class Visit(Schema):
    """What is typed into the EHR. It is not checked here: what is wrong, the service has to find."""

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


@dataclass(frozen=True, slots=True)
class Simulator:
    """The pages of the simulated EHR. `issuer` is the service's URL, where the token is sent."""

    ehr: SimulatedEhr
    dossiers: Dossiers
    pages: Pages
    rules: Rules
    issuer: str

    def routes(self) -> list[Resource]:
        """Return the routes of these pages."""
        return [Resource("/simulator", wire="page", GET=self.ask, POST=self.sign)]

    async def ask(self, request: Request) -> Response:
        """Show the form, filled with the example that the query names, else with the first."""
        example = request.query_params.get("example", "")
        return self.pages.show(request, "simulator.html", company_name=self.ehr.company_name, example=example)

    async def sign(self, request: Request) -> Response:
        """Sign the token and show it: decoded, and ready to be sent by the browser.

        Like many an EHR it first sees to it that its company has a dossier on the patient.
        """
        visit = Visit.parse(await form(request), Rules())
        claims = self._claims(visit)
        policy = content_security_policy(form_action=f"'self' {self.issuer}")
        return self.pages.show(
            request,
            "signed.html",
            headers={"Content-Security-Policy": policy},
            company_name=self.ehr.company_name,
            header=_indented(self.ehr.header),
            claims=_indented(masked(claims)),
            token=self.ehr.sign(claims),
            launch_url=f"{self.issuer}/sso/launch",
            patient_url=f"{self.issuer}/register",
            has_dossier=await self._make_dossier(visit.bsn),
        )

    async def _make_dossier(self, bsn: str) -> bool:
        try:
            await self.dossiers.create(self.ehr.company_id, Bsn(bsn, self.rules))
        except ValueError:  # no BSN, or a wrong one, which the service has to find
            return False
        return True

    def _claims(self, visit: Visit) -> dict[str, object]:
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
        )


def masked(claims: Mapping[str, object]) -> dict[str, object]:
    """Return the claims with the BSN's first digits hidden."""
    match claims:
        case {"patientInfo": {"bsn": str(bsn), **others}}:
            hidden = bsn[-_SHOWN_DIGITS:].rjust(len(bsn), "*")
            return {**claims, "patientInfo": {"bsn": hidden, **others}}
        case _:
            return dict(claims)


def _indented(members: Mapping[str, object]) -> str:
    return json.dumps(members, indent=2, ensure_ascii=False)
