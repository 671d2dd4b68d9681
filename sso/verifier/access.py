"""The bearer tokens that we made ourselves: verified with our own keys, and let in by role and scope."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common import strict_json
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
from sso.verifier.signature import verifies
from sso.verifier.token import RawToken, take_apart
from sso.verifier.trust import Companies
from sso.verifier.verify import read_claims, require_not_expired, require_profile


class OwnKeys(Protocol):
    async def key(self, kid: str | None) -> VerificationKey | None:
        """Return our own key of this name, as it is published, None if it is none of ours."""
        ...


class Launches(Protocol):
    async def patient_of(self, launch_id: LaunchId) -> Pseudoniem | None:
        """Return the patient of a launch."""
        ...


@dataclass(frozen=True, slots=True)
class OwnTokens:
    """Verifies what we made ourselves. `issuer` is our URL: who made them, and whom they are for."""

    keys: OwnKeys
    issuer: str
    clock: Clock

    async def internal(self, token: str) -> str:
        """Return the name of the service of ours that calls. Raises NotAuthenticated or PermissionDenied."""
        claims = await self.verified(token)
        if not isinstance(claims, InternalClaims):
            raise PermissionDenied("This call is for our own services.")
        return claims.sub

    async def verified(self, token: str) -> AccessClaims:
        """Return the claims of a token of ours, of whatever kind. Raises NotAuthenticated."""
        try:
            return await self._claims(take_apart(token), self.clock())
        except TokenRejected as error:
            raise _invalid(error.private or error.detail) from None

    async def _claims(self, raw: RawToken, now: datetime) -> AccessClaims:
        require_profile(raw, COMPANY)  # all kinds share typ and alg; `role`, which we signed, tells them apart
        key = await self.keys.key(raw.kid)
        if key is None:
            raise UnknownKey(private="none of our own keys")
        if not verifies(raw.signing_input, raw.signature, raw.alg, key):
            raise BadSignature(private="not by our own key")
        profile = _profile(raw)
        claims = read_claims(raw, profile, Rules())
        if claims.iss != self.issuer or claims.aud != self.issuer:
            raise ClaimRejected("aud", "audience")
        require_not_expired(claims.exp, profile, now)
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
        claims = await self.own.verified(token)
        if not isinstance(claims, CompanyClaims):
            raise PermissionDenied("This call is for a healthcare company's own token.")
        return await self._company(claims, scope)

    async def company_or_launch(self, token: str, scope: Scope) -> CompanyCaller | LaunchCaller:
        """Return the company, or the launched professional, that calls. Raises as `company` does."""
        claims = await self.own.verified(token)
        if isinstance(claims, CompanyClaims):
            return await self._company(claims, scope)
        if not isinstance(claims, LaunchClaims):
            raise PermissionDenied("This call is for the token of a healthcare company or of a launch.")
        company_id, launch_id = CompanyId(claims.company_id), LaunchId(claims.launch_id)
        await self._require_active(company_id)
        return LaunchCaller(company_id, launch_id, await self.launches.patient_of(launch_id))

    async def _company(self, claims: CompanyClaims, scope: Scope | None) -> CompanyCaller:
        company_id = CompanyId(claims.company_id)
        await self._require_active(company_id)
        if scope is not None and scope not in claims.scope.split(" "):
            raise PermissionDenied(f"The access token lacks the scope {scope.value}.", scope=scope.value)
        return CompanyCaller(company_id)

    async def _require_active(self, company_id: CompanyId) -> None:
        if await self.companies.signer(company_id) is None:
            raise _invalid("company not active")


def _profile(raw: RawToken) -> AccessProfile[AccessClaims]:
    role = strict_json.parse_object(raw.payload).get("role", "")  # our own signature stands under it
    if role not in ACCESS:
        raise ClaimRejected("role", "choice")
    return ACCESS[role]


def _invalid(cause: str) -> NotAuthenticated:
    return NotAuthenticated("The access token is not valid.", error="invalid_token", private=cause)
