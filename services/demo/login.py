"""`POST /auth/login`: the demo's sign-in of a patient as an API. The token opens nothing but itself."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.audit.catalogue import PATIENT_SIGNED_IN
from common.audit.events import AuditLog
from common.clock import Clock
from common.http.address import client_address
from common.http.answer import json_answer
from common.http.body import json_object
from common.http.routing import Resource
from common.limits import Limits
from identity.patients.registered import RegisteredPatients
from schemas.base import Rules
from schemas.profiles import PATIENT
from schemas.token_bodies import TokenAnswer
from services.demo.sign_in import SignIn
from sso.issuer.endpoint import NO_STORE
from sso.issuer.issue import TokenIssuer


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """Signs a registered patient of the demo in with BSN and last name."""

    patients: RegisteredPatients
    limits: Limits
    issuer: TokenIssuer
    audit: AuditLog
    clock: Clock
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/auth/login", POST=self.login)]

    async def login(self, request: Request) -> Response:
        """Answer with a patient token."""
        asked = SignIn.parse(await json_object(request), self.rules)
        async with self.limits.of_patient(client_address(request)):
            patient = await self.patients.recognise(asked.bsn, asked.last_name)
        claims = {"sub": str(patient.pseudoniem), "client_id": "website"}
        now = self.clock()
        issued = self.issuer.issue(PATIENT, claims, now)
        await self.audit.write(PATIENT_SIGNED_IN(now, pseudoniem=patient.pseudoniem))
        answer = TokenAnswer(access_token=issued.token, expires_in=issued.expires_in)
        return json_answer(answer, headers=NO_STORE)
