"""The pipeline: from a token as it came to a token that may be spent, in the order of the contract (section 2).

Each step is a pure function but `trust`, which looks up keys, and for a kid that it does not know has the company's own
key set read soon. None has another effect: a token refused here has spent nothing. The first step that fails decides
the answer.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from common import strict_json
from common.errors import BadSignature, ClaimRejected, InvalidInput, MalformedToken, TokenExpired
from schemas.base import Rules
from schemas.claims import ProfessionalClaims
from schemas.profiles import PROFESSIONAL, C, SingleUseProfile, TokenProfile
from sso.verifier.flaws import Flaw
from sso.verifier.signature import verifies
from sso.verifier.token import RawToken, take_apart
from sso.verifier.trust import Candidates, Signer, Trust, TrustedKey


@dataclass(frozen=True, slots=True)
class VerifiedToken(Generic[C]):
    """A token that a known company signed, well-formed, meant for us and fresh. It has not been spent."""

    signer: Signer
    kid: str
    claims: C


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token that a known company signed: from here on a refusal says why. What the token says is not read yet."""

    raw: RawToken
    signer: Signer
    key: TrustedKey
    client_id: str | None
    """Whom the caller named beside the token."""

    @property
    def kid(self) -> str:
        """Return the name of the key that verified it."""
        return self.key.kid


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """Checks professional SSO tokens. `audiences` are the names by which a token may call us."""

    trust: Trust
    audiences: Collection[str]
    rules: Rules

    async def signed(self, compact: str, client_id: str | None, now: datetime) -> SignedToken:
        """Return the token with its signer. Raises a TokenRejected, which looks the same for every cause."""
        raw = take_apart(compact)
        require_profile(raw, PROFESSIONAL)
        candidates = await self.trust.candidates(raw, client_id, now)
        return SignedToken(raw, candidates.signer, authenticate(raw, candidates), client_id)

    def verified(self, token: SignedToken, now: datetime) -> VerifiedToken[ProfessionalClaims]:
        """Return the token as one that may be spent. Raises an AuthenticTokenRejected."""
        understood = self.understood(token)
        require_fresh(understood.claims, PROFESSIONAL, now)
        return understood

    def understood(self, token: SignedToken) -> VerifiedToken[ProfessionalClaims]:
        """Return the token with its claims, whatever the time is. Raises ClaimRejected."""
        claims = read_claims(token.raw, PROFESSIONAL, self.rules)
        require_parties(claims, token.signer, self.audiences)
        if token.client_id not in (None, token.signer.client_id):  # one that we signed, for another
            raise ClaimRejected("iss", "signer")
        return VerifiedToken(token.signer, token.kid, claims)


def require_profile(raw: RawToken, profile: TokenProfile[C]) -> None:
    """Raise MalformedToken unless `typ` and `alg` are of this kind of token (RFC 8725 3.1, 3.11)."""
    if raw.typ not in profile.typ:
        raise MalformedToken(Flaw.OTHER_TYP)
    if raw.alg not in profile.algorithms:
        raise MalformedToken(Flaw.OTHER_ALG)


def authenticate(raw: RawToken, candidates: Candidates) -> TrustedKey:
    """Return the key that made the signature. Raises BadSignature."""
    for key in candidates.keys:
        if verifies(raw.signing_input, raw.signature, raw.alg, key.verification_key()):
            return key
    raise BadSignature(Flaw.BAD_SIGNATURE)


def read_claims(raw: RawToken, profile: TokenProfile[C], rules: Rules) -> C:
    """Return the claims of an authentic token. Raises ClaimRejected with the first claim that breaks a rule."""
    try:
        return profile.claims.parse(raw.members, rules)
    except strict_json.NotJson:
        raise ClaimRejected("", "json") from None
    except InvalidInput as error:
        fault = error.faults[0]
    raise ClaimRejected(fault.pointer.removeprefix("/").replace("/", "."), fault.rule)


def require_parties(claims: ProfessionalClaims, signer: Signer, audiences: Collection[str]) -> None:
    """Raise ClaimRejected unless the token is from its signer, to us, about a professional."""
    if claims.iss not in (None, signer.client_id):
        raise ClaimRejected("iss", "signer")
    if claims.aud is not None and claims.aud not in audiences:
        raise ClaimRejected("aud", "audience")
    if claims.sub == signer.client_id:  # the form of an RFC 7523 client assertion, which the same key may sign
        raise ClaimRejected("sub", "client_assertion")


def require_fresh(claims: ProfessionalClaims, profile: SingleUseProfile[C], now: datetime) -> None:
    """Raise TokenExpired or ClaimRejected unless now lies in the token's time (RFC 7519 4.1.4 to 4.1.6).

    `iat` has a leeway to the future alone: to the past the maximum age is all there is.
    """
    at, leeway = now.timestamp(), profile.leeway.total_seconds()
    max_age = profile.max_age.total_seconds()
    if claims.iat > at + leeway:
        raise ClaimRejected("iat", "future")
    if claims.nbf is not None and claims.nbf > at + leeway:
        raise ClaimRejected("nbf", "not_yet_valid")
    if claims.iat < at - max_age:
        raise TokenExpired(f"The token is older than {max_age:.0f} seconds: sign a new one for each launch.")
    if claims.exp is not None:
        require_not_expired(claims.exp, profile, now)


def require_not_expired(exp: float, profile: TokenProfile[C], now: datetime) -> None:
    """Raise TokenExpired if `exp` has passed, with the profile's leeway (RFC 7519 4.1.4)."""
    if exp <= now.timestamp() - profile.leeway.total_seconds():
        raise TokenExpired("The token's exp has passed: ask for a new one.")
