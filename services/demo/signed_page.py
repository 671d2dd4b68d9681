"""The page of a signed token: taken apart, ready to be launched by the browser, and what the service will say of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from common import strict_json
from common.clock import Clock
from common.http.address import client_address
from common.http.routing import Resource
from common.http.security import content_security_policy
from common.limits import Counted, Limits
from keys import base64url
from schemas.profiles import PROFESSIONAL
from schemas.steps import Step
from services.demo.ehr import SimulatedEhr
from services.demo.faults import FAULTS, NO_FAULT, is_explained
from services.demo.signed_tokens import SignedTokens
from services.demo.typed import is_bsn
from sso.launch.diagnosis import Diagnosis
from website.pages import Pages

_SHOWN_DIGITS: Final = 4
_SHOWN_CHARACTERS: Final = 1200


@dataclass(frozen=True, slots=True)
class SignedPage:
    """Shows signed tokens. `issuer` is the service's URL, where the browser sends the token."""

    tokens: SignedTokens
    ehr: SimulatedEhr
    diagnosis: Diagnosis
    limits: Limits
    clock: Clock
    pages: Pages
    issuer: str

    def routes(self) -> list[Resource]:
        """Return the routes of this page."""
        return [Resource("/simulator/{name}", wire="page", GET=self.show)]

    async def show(self, request: Request) -> Response:
        """Show a token as it is now. It is diagnosed each time, which spends nothing: loading again asks again."""
        async with self.limits.of_address(client_address(request), Counted.SIMULATIONS):
            return await self._shown(request)

    async def _shown(self, request: Request) -> Response:
        signed = await self.tokens.find(request.path_params["name"])
        if signed is None:
            return self.pages.show(request, "token_gone.html", 404, company_name=self.ehr.company_name)
        answer = await self.diagnosis.of(signed.token, self.ehr.company_id)
        header, claims, signature = signed.token.split(".")
        told = _members(claims)
        policy = content_security_policy(form_action=f"'self' {self.issuer}")
        return self.pages.show(
            request,
            "signed.html",
            headers={"Content-Security-Policy": policy},
            company_name=self.ehr.company_name,
            own_id=str(self.ehr.company_id),
            signed=signed,
            fault=next((fault for fault in FAULTS if fault.name == signed.fault), NO_FAULT),
            parts={"header": clipped(header), "claims": clipped(claims), "signature": signature},
            header=_indented(_members(header)),
            claims=_indented(masked(told)),
            seconds_left=seconds_left(told, self.clock()),
            at_most=int((PROFESSIONAL.max_age + PROFESSIONAL.leeway).total_seconds()),
            launch_url=f"{self.issuer}/sso/launch",
            patient_url=f"{self.issuer}/register",
            answer=answer,
            all_steps=len(Step),
            explained=answer.accepted or is_explained(answer.steps[-1].step),
        )


def masked(claims: Mapping[str, object]) -> dict[str, object]:
    """Return the claims with the first digits hidden of what can be a BSN, and long texts cut short."""
    return {name: masked(value) if isinstance(value, dict) else _masked(name, value) for name, value in claims.items()}


def _masked(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    hide = name == "bsn" or is_bsn(value)
    return value[-_SHOWN_DIGITS:].rjust(len(value), "*") if hide else clipped(value)


def clipped(text: str) -> str:
    """Return a text, or as much of it as people look at."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text)})"


def seconds_left(claims: Mapping[str, object], now: datetime) -> int:
    """Return how long the service will go on taking a token for fresh, by its `iat`; negative if no longer."""
    iat = claims.get("iat")
    age = now.timestamp() - (iat if isinstance(iat, int) else 0)
    return int(PROFESSIONAL.max_age.total_seconds() - age)


def _members(segment: str) -> dict[str, object]:
    return strict_json.parse_object(base64url.decode(segment))


def _indented(members: Mapping[str, object]) -> str:
    return json.dumps(members, indent=2, ensure_ascii=False)
