"""The bearer tokens that we made ourselves: verified with our own keys, and let in by role and scope."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from common.audit.catalogue import BEARER_REFUSED
from common.audit.events import AuditLog
from common.audit.kinds import OTHER
from common.audit.refusals import because, cause_of, refusals
from common.clock import Clock
from common.errors import (
    BadSignature,
    ClaimRejected,
    NotAuthenticated,
    PermissionDenied,
    TokenRejected,
    UnknownKey,
)
from keys.partners import VerificationKey
from schemas.base import Rules
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.claims import AccessClaims, CompanyClaims, InternalClaims, LaunchClaims
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from schemas.profiles import ACCESS, COMPANY, AccessProfile
from schemas.scopes import Scope
from sso.verifier.flaws import Flaw
from sso.verifier.signature import verifies
from sso.verifier.token import RawToken, take_apart
from sso.verifier.trust import Companies
from sso.verifier.verify import read_claims, require_not_expired, require_profile


class OwnKeys(Protocol):
    async def key(self, kid: str | None, now: datetime) -> VerificationKey | None:
        """Return our own key of this name if tokens under it are good, None if it is none of ours."""
        ...


class Launches(Protocol):
    async def patient_of(self, launch_id: LaunchId) -> Pseudoniem | None:
        """Return the patient of a launch. Raises NotAuthenticated for one that has ended."""
        ...


@dataclass(frozen=True, slots=True)
class OwnTokens:
    """Verifies what we made ourselves. `issuer` is our URL: who made them, and whom they are for."""

    keys: OwnKeys
    audit: AuditLog
    issuer: str
    clock: Clock

    async def internal(self, token: str) -> str:
        """Return the name of the service of ours that calls. Raises NotAuthenticated or PermissionDenied."""
        async with self.verified(token) as claims:
            if not isinstance(claims, InternalClaims):
                raise because(PermissionDenied("This call is for our own services."), "wrong_role")
            return claims.sub

    @asynccontextmanager
    async def verified(self, token: str) -> AsyncIterator[AccessClaims]:
        """Give the claims of a token of ours, of whatever kind; what is refused inside is a refusal of this token.

        Raises NotAuthenticated: counted until our signature has verified, an event from there on.
        """
        raw = await self._signed(token)
        async with refusals(self.audit, BEARER_REFUSED, self.clock(), **_of(raw)):
            yield self._claims(raw)

    async def _signed(self, token: str) -> RawToken:
        with _looking_the_same():
            raw = take_apart(token)
            require_profile(raw, COMPANY)  # all kinds share typ and alg; `role`, which we signed, tells them apart
            key = await self.keys.key(raw.kid, self.clock())
            if key is None:
                raise UnknownKey(Flaw.NO_FITTING_KEY)
            if not verifies(raw.signing_input, raw.signature, raw.alg, key):
                raise BadSignature(Flaw.BAD_SIGNATURE)
            return raw

    def _claims(self, raw: RawToken) -> AccessClaims:
        with _looking_the_same():
            profile = _profile(raw)
            claims = read_claims(raw, profile, Rules())
            if claims.iss != self.issuer or claims.aud != self.issuer:
                raise ClaimRejected("aud", "audience")
            require_not_expired(claims.exp, profile, self.clock())
            return claims


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Lets companies and launched professionals in, for as long as the company is active."""

    own: OwnTokens
    companies: Companies
    launches: Launches

    async def company(self, token: str, scope: Scope | None) -> CompanyCaller:
        """Return the company that calls; `scope` None asks for none.

        Raises NotAuthenticated (401) for what is no valid token of ours or of a company that is not active, and
        PermissionDenied (403) for another role or a missing scope.
        """
        async with self.own.verified(token) as claims:
            if not isinstance(claims, CompanyClaims):
                raise because(PermissionDenied("This call is for a healthcare company's own token."), "wrong_role")
            return await self._company(claims, scope)

    async def company_or_launch(self, token: str, scope: Scope) -> CompanyCaller | LaunchCaller:
        """Return the company, or the launched professional, that calls. Raises as `company` does."""
        async with self.own.verified(token) as claims:
            if isinstance(claims, CompanyClaims):
                return await self._company(claims, scope)
            if not isinstance(claims, LaunchClaims):
                refusal = PermissionDenied("This call is for the token of a healthcare company or of a launch.")
                raise because(refusal, "wrong_role")
            company_id, launch_id = CompanyId(claims.company_id), LaunchId(claims.launch_id)
            await self._require_active(company_id)
            return LaunchCaller(company_id, launch_id, await self.launches.patient_of(launch_id))

    async def _company(self, claims: CompanyClaims, scope: Scope | None) -> CompanyCaller:
        company_id = CompanyId(claims.company_id)
        await self._require_active(company_id)
        if scope is not None and scope not in claims.scope.split(" "):
            refusal = PermissionDenied(f"The access token lacks the scope {scope.value}.", scope=scope.value)
            raise because(refusal, "scope_missing")
        return CompanyCaller(company_id)

    async def _require_active(self, company_id: CompanyId) -> None:
        if await self.companies.signer(company_id) is None:
            raise because(_invalid("company not active"), "company_not_active")


@contextmanager
def _looking_the_same() -> Iterator[None]:
    """Whatever is wrong with a token is one answer; the log and the audit know the cause."""
    try:
        yield
    except TokenRejected as error:
        raise because(_invalid(error.private or error.detail), cause_of(error)) from None


def _of(raw: RawToken) -> dict[str, UUID | str | None]:
    """Return whose token of ours this is, for the audit: what we signed, still good or not."""
    profile = ACCESS.get(raw.claim("role"))
    return {
        "company_id": _uuid(raw.claim("sub" if profile is COMPANY else "client_id")),
        "launch_id": _uuid(raw.claim("launchId")),
        "role": profile.name if profile else OTHER,
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _profile(raw: RawToken) -> AccessProfile[AccessClaims]:
    role = raw.claim("role")  # our own signature stands under it
    if role not in ACCESS:
        raise ClaimRejected("role", "choice")
    return ACCESS[role]


def _invalid(cause: str) -> NotAuthenticated:
    return NotAuthenticated("The access token is not valid.", error="invalid_token", private=cause)
