"""`POST /auth/token/professional`: a company without a key of its own has us sign its SSO token."""

import asyncio
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from common.audit.catalogue import SSO_TOKEN_ISSUED
from common.audit.events import AuditLog
from common.clock import Clock
from common.errors import Fault, InvalidInput
from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.routing import Resource
from common.limits import Counted, Limits
from keys.ring import KeyRing
from schemas.base import Rules
from schemas.callers import CompanyAccess
from schemas.identifiers import CompanyId
from schemas.profiles import MAX_TOKEN, PROFESSIONAL
from schemas.scopes import Scope
from schemas.token_bodies import SignedToken, TokenContents
from sso.issuer.issue import signed


@dataclass(frozen=True, slots=True)
class ProfessionalTokenEndpoint:
    """Signs professionals' SSO tokens (seed `sso-token.txt`) under our SSO key. `issuer` is our URL, their audience."""

    limits: Limits
    ring: KeyRing
    issuer: str
    access: CompanyAccess
    audit: AuditLog
    clock: Clock
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/auth/token/professional", POST=self.token)]

    async def token(self, request: Request) -> Response:
        """Sign a token in the name of the company that calls; it is verified and spent like any other."""
        caller = await self.access.company(bearer_token(request), Scope.SSO_ISSUE)
        contents = TokenContents.parse(await json_object(request), self.rules)
        async with self.limits.of_company(caller.company_id, Counted.TOKEN_REQUESTS):
            return await self._signed(caller.company_id, contents)

    async def _signed(self, company_id: CompanyId, contents: TokenContents) -> Response:
        now = self.clock()
        claims = self._claims(company_id, contents, now)
        if contents.sub == claims["iss"]:  # the form of a client assertion, which no launch takes
            raise InvalidInput("The sub is the professional's, not the company's.", [Fault("/sub", "client_assertion")])
        text = json.dumps(claims, separators=(",", ":"), ensure_ascii=False)
        token = await asyncio.to_thread(signed, self.ring, "JWT", text, now)  # RSA takes a quarter of a millisecond
        if len(token) > MAX_TOKEN:
            raise InvalidInput(f"The token would be longer than {MAX_TOKEN} octets.", [Fault("", "too_long")])
        jti = sha256(claims["jti"].encode()).digest()
        await self.audit.write(SSO_TOKEN_ISSUED(now, company_id=company_id, jti=jti))
        expires_in = int(PROFESSIONAL.max_age.total_seconds())
        answer = SignedToken(token=token, jti=claims["jti"], expires_in=expires_in)
        return json_answer(answer, 201)

    def _claims(self, company_id: CompanyId, contents: TokenContents, now: datetime) -> dict[str, Any]:
        claims = {
            "iss": str(company_id),
            "aud": self.issuer,
            "jti": str(uuid.uuid4()),
            "iat": int(now.timestamp()),
            **contents.model_dump(mode="json", exclude_none=True, exclude={"patient_info": {"bsn"}}),
        }
        if contents.patient_info is not None and contents.patient_info.bsn is not None:
            claims["patientInfo"]["bsn"] = contents.patient_info.bsn.reveal()  # a Bsn does not serialise by itself
        return claims
