"""The spend: a launch token is accepted once, by whichever presentation of it comes first.

This is the first line, one atomic command of a `ReplayGuard`. The second is the spend row in the launch's own
transaction (`sso/launch/store_sql.py`), which also holds when the guard has forgotten (ADR 0003).
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Generic, Protocol

from common.errors import TokenReplayed
from schemas.claims import ProfessionalClaims
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL, C
from sso.verifier.verify import VerifiedToken


class ReplayGuard(Protocol):
    async def spend(self, spend_key: str, window: timedelta) -> bool:
        """Return whether this call is the first with this key within `window`, over all processes.

        Raises Unavailable for anything but a clear answer.
        """
        ...

    async def is_spent(self, spend_key: str) -> bool:
        """Return whether a call with this key has been the first within its window. No effect.

        Raises Unavailable for anything but a clear answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class SpentToken(Generic[C]):
    """A verified token that this presentation, and no other, has spent."""

    verified: VerifiedToken[C]
    jti_digest: bytes
    """What the spend row is unique on, with the company."""


@dataclass(frozen=True, slots=True)
class Spender:
    """Spends professional tokens."""

    guard: ReplayGuard

    async def spend(self, token: VerifiedToken[ProfessionalClaims]) -> SpentToken[ProfessionalClaims]:
        """Return the token as spent. Raises TokenReplayed if it was spent before, or Unavailable."""
        if not await self.guard.spend(_key(token), PROFESSIONAL.spend_window):
            raise replayed()
        return SpentToken(token, jti_digest(token.claims.jti))

    async def require_unspent(self, token: VerifiedToken[ProfessionalClaims]) -> None:
        """Raise what `spend` would raise, as far as can be known now; no effect."""
        if await self.guard.is_spent(_key(token)):
            raise replayed()


def _key(token: VerifiedToken[ProfessionalClaims]) -> str:
    return spend_key(PROFESSIONAL.name, token.signer.company_id, token.claims.jti)


def spend_key(profile: str, whose: CompanyId | str, jti: str) -> str:
    """Return the name under which a spend is remembered: a digest, so it shows nothing and has one length.

    Of a JSON list: parts that are merely joined could be cut elsewhere, and then two tokens would share a key.
    """
    return sha256(json.dumps([profile, str(whose), jti]).encode()).hexdigest()


def jti_digest(jti: str) -> bytes:
    """Return what is kept of a jti, whatever text it is: SHA-256, 32 octets."""
    return sha256(jti.encode("utf-8", "surrogatepass")).digest()


def revoked() -> TokenReplayed:
    """Return the refusal of a token that its company has revoked: it counts as used."""
    return TokenReplayed("This token has been revoked: sign a new one, with a new jti, for each launch.")


def replayed() -> TokenReplayed:
    """Return the refusal that both lines of defence give."""
    return TokenReplayed("This token has been used before: sign a new one, with a new jti, for each launch.")
