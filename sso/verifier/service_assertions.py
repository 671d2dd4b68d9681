"""The client assertion of one of our own services: as a company's, under the key that the settings have of it.

Its names in the replay store are its own. Redis is asked first, as for companies; where it does not answer, the row
decides alone, so that our services go on asking each other without it (ADR 0027).
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from common.errors import BadSignature, Unavailable, UnknownKey, UntrustedIssuer
from keys.service_keys import ServiceKey
from schemas.base import Rules
from schemas.profiles import ASSERTION
from sso.verifier.assertions import require_lifetime, require_parties
from sso.verifier.flaws import Flaw
from sso.verifier.replay import ReplayGuard, replayed, spend_key
from sso.verifier.signature import verifies
from sso.verifier.token import RawToken, take_apart
from sso.verifier.verify import read_claims, require_profile

PATIENCE: Final = 0.1
"""Seconds that Redis has: a service gives up waiting for its token after half a second, and the limit takes some."""


class SpentServiceAssertions(Protocol):
    async def spend(self, digest: bytes, now: datetime) -> None:
        """Keep that an assertion was used. If it was before, the end of the unit of work raises TokenReplayed."""
        ...


@dataclass(frozen=True, slots=True)
class SignedByService:
    """A good assertion: whose it is, and the name under which it can be used once."""

    service: str
    jti: str


@dataclass(frozen=True, slots=True)
class ServiceAssertions:
    """Verifies and spends them. `audiences`: our issuer URL and that of the endpoint. `keys`: by the service's name."""

    keys: Mapping[str, ServiceKey]
    audiences: Collection[str]
    guard: ReplayGuard
    spent: SpentServiceAssertions

    def verified(self, compact: str, client_id: str | None, now: datetime) -> SignedByService:
        """Return a good assertion, not spent yet. Raises TokenRejected or AuthenticTokenRejected."""
        raw = take_apart(compact)
        require_profile(raw, ASSERTION)
        claimed = raw.unverified_iss()
        if claimed is None:
            raise UntrustedIssuer(Flaw.NO_SIGNER_NAMED)
        self._authenticate(raw, claimed)
        claims = read_claims(raw, ASSERTION, Rules())
        require_parties(claims, client_id, self.audiences)
        require_lifetime(claims, now)
        return SignedByService(claimed, claims.jti)

    async def spend(self, signed: SignedByService, now: datetime) -> None:
        """Use up an assertion. This, or the end of the unit of work, raises TokenReplayed, or Unavailable."""
        name = spend_key("service_assertion", signed.service, signed.jti)
        try:
            async with asyncio.timeout(PATIENCE):
                is_first = await self.guard.spend(name, ASSERTION.spend_window)
        except (Unavailable, TimeoutError):
            is_first = True  # as far as Redis can say
        if not is_first:
            raise replayed()
        await self.spent.spend(bytes.fromhex(name), now)

    def _authenticate(self, raw: RawToken, claimed: str) -> None:
        key = self.keys.get(claimed)
        alg = "EdDSA" if raw.alg == "Ed25519" else raw.alg
        if key is None or key.alg != alg or raw.kid not in (None, key.kid):
            raise UnknownKey(Flaw.NO_FITTING_KEY)
        if not verifies(raw.signing_input, raw.signature, raw.alg, key.key):
            raise BadSignature(Flaw.BAD_SIGNATURE)
