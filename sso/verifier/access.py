"""The bearer tokens that we made ourselves: verified with our own keys, and let in by role and scope."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from common.audit.catalogue import BEARER_REFUSED
from common.audit.events import AuditLog
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
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.claims import AccessClaims, CompanyClaims, InternalClaims, LaunchClaims
from schemas.facts import Standing
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from schemas.profiles import COMPANY
from schemas.scopes import Scope
from sso.verifier.flaws import Flaw
from sso.verifier.ours import OurToken, Remembered
from sso.verifier.signature import verifies
from sso.verifier.token import take_apart
from sso.verifier.verify import require_not_expired, require_profile


class OwnKeys(Protocol):
    async def key(self, kid: str | None, now: datetime) -> VerificationKey | None:
        """Return our own key of this name if tokens under it are good, None if it is none of ours."""
        ...


class Companies(Protocol):
    async def standing(self, company_id: CompanyId, jti: str, issued_at: int) -> Standing:
        """Return whether the company is active, and has not revoked this token of its own, or a secret since its `iat`.

        One query: it is asked at every request.
        """
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
    remembered: Remembered = field(default_factory=Remembered)

    async def internal(self, token: str) -> str:
        """Return the name of the service of ours that calls. Raises NotAuthenticated or PermissionDenied."""
        async with self.verified(token) as claims:
            if not isinstance(claims, InternalClaims):
                raise because(PermissionDenied("This call is for our own services.", bearer=True), "wrong_role")
            return claims.sub

    async def known(self, token: str, now: datetime) -> AccessClaims | None:
        """Return the claims of a token of ours, None for what is none or has expired. Nobody is refused by asking."""
        try:
            return self._claims(await self._signed(token), now)
        except NotAuthenticated:
            return None

    @asynccontextmanager
    async def verified(self, token: str) -> AsyncIterator[AccessClaims]:
        """Give the claims of a token of ours, of whatever kind; what is refused inside is a refusal of this token.

        Raises NotAuthenticated: counted until our signature has verified, an event from there on.
        """
        ours = await self._signed(token)
        async with refusals(self.audit, BEARER_REFUSED, self.clock(), **ours.whose):
            yield self._claims(ours, self.clock())

    async def _signed(self, token: str) -> OurToken:
        with _LOOKING_THE_SAME:
            before = self.remembered.find(token)
            raw = before.raw if before is not None else take_apart(token)
            require_profile(raw, COMPANY)  # all kinds share typ and alg; `role`, which we signed, tells them apart
            key = await self.keys.key(raw.kid, self.clock())
            if key is None:
                raise UnknownKey(Flaw.NO_FITTING_KEY)
            if before is not None and before.key is key:
                return before
            if not verifies(raw.signing_input, raw.signature, raw.alg, key):
                raise BadSignature(Flaw.BAD_SIGNATURE)
            verified = OurToken(raw, key)
            self.remembered.keep(token, verified)
            return verified

    def _claims(self, ours: OurToken, now: datetime) -> AccessClaims:
        with _LOOKING_THE_SAME:
            claims = ours.claims
            if claims.iss != self.issuer or claims.aud != self.issuer:
                raise ClaimRejected("aud", "audience")
            require_not_expired(claims.exp, ours.profile, now)
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
                refusal = PermissionDenied("This call is for a healthcare company's own token.", bearer=True)
                raise because(refusal, "wrong_role")
            return await self._company(claims, scope)

    async def company_or_launch(self, token: str, scope: Scope) -> CompanyCaller | LaunchCaller:
        """Return the company, or the launched professional, that calls. Raises as `company` does."""
        async with self.own.verified(token) as claims:
            if isinstance(claims, CompanyClaims):
                return await self._company(claims, scope)
            if not isinstance(claims, LaunchClaims):
                for_whom = "This call is for the token of a healthcare company or of a launch."
                raise because(PermissionDenied(for_whom, bearer=True), "wrong_role")
            company_id, launch_id = CompanyId(claims.company_id), LaunchId(claims.launch_id)
            await self._require_admitted(claims)
            return LaunchCaller(company_id, launch_id, await self.launches.patient_of(launch_id))

    async def of_company(self, token: str, company_id: CompanyId, now: datetime) -> CompanyClaims | LaunchClaims | None:
        """Return the claims of an access token of this company, its own or a launch's, if it would be let in."""
        claims = await self.own.known(token, now)
        if not isinstance(claims, CompanyClaims | LaunchClaims) or claims.company_id != company_id:
            return None
        if not _lets_in(await self._standing(claims)):
            return None
        if isinstance(claims, LaunchClaims):
            try:
                await self.launches.patient_of(LaunchId(claims.launch_id))
            except NotAuthenticated:  # the launch has ended
                return None
        return claims

    async def _company(self, claims: CompanyClaims, scope: Scope | None) -> CompanyCaller:
        standing = await self._require_admitted(claims)
        if scope is not None and scope not in claims.scope.split(" "):
            refusal = PermissionDenied(f"The access token lacks the scope {scope.value}.", scope=scope.value)
            raise because(refusal, "scope_missing")
        if scope is Scope.KEYS_MANAGE and standing is Standing.SECRET_REVOKED:
            raise older_than_revocation()
        return CompanyCaller(CompanyId(claims.company_id), claims.iat)

    async def _require_admitted(self, claims: CompanyClaims | LaunchClaims) -> Standing:
        standing = await self._standing(claims)
        if not _lets_in(standing):
            raise because(_invalid(standing.value.replace("_", " ")), standing.value)
        return standing

    async def _standing(self, claims: CompanyClaims | LaunchClaims) -> Standing:
        return await self.companies.standing(CompanyId(claims.company_id), claims.jti, claims.iat)


def older_than_revocation() -> NotAuthenticated:
    """Return the refusal of a token that was issued before its company revoked a secret, where it manages keys.

    Whoever had the secret may have the token. 401 `invalid_token`: a client fetches another, as for one that expired.
    """
    detail = "A secret of the company was revoked after this access token was issued: fetch a new one, a second later."
    return because(NotAuthenticated(detail, error="invalid_token"), Standing.SECRET_REVOKED.value)


def _lets_in(standing: Standing) -> bool:
    return standing in {Standing.GOOD, Standing.SECRET_REVOKED}


class _LookingTheSame:
    """Whatever is wrong with a token is one answer; the log and the audit know the cause."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Raise NotAuthenticated for a token that was rejected inside."""
        if isinstance(error, TokenRejected):
            raise because(_invalid(error.private or error.detail), cause_of(error)) from None


_LOOKING_THE_SAME: Final = _LookingTheSame()


def _invalid(cause: str) -> NotAuthenticated:
    return NotAuthenticated("The access token is not valid.", error="invalid_token", private=cause)
