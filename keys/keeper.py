"""Keeps the rings: makes the first key and each successor in time, and takes over what other instances made.

Any number of instances do so at once. The only write is "append the next generation", and of many the first counts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from joserfc.jwk import ECKey, RSAKey

from common.audit.catalogue import SIGNING_KEY_MADE, SIGNING_KEY_WITHDRAWN
from common.audit.events import AuditLog
from common.clock import Clock
from common.errors import Conflict, NotFound, SettingsError
from keys.ring import ALGORITHMS, KeyRing, Purpose, RingKey, SealedKey, SigningKey, SigningKeyStore
from keys.schedule import CLOCK_ERROR, Planned, Rotation, signing
from keys.sealing import CannotOpen, Sealer
from schemas.profiles import LONGEST

_COLUMN: Final = "signing_keys.sealed"
_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class KeyKeeper:
    """Keeps rings on a store."""

    store: SigningKeyStore
    audit: AuditLog
    sealer: Sealer
    clock: Clock
    rotation: Rotation

    async def open(self, purpose: Purpose) -> KeyRing:
        """Return the ring of a purpose, after making the first key if there is none; many at once make one.

        Raises SettingsError if a key does not open with this sealing key, or Unavailable.
        """
        ring = KeyRing(purpose, self.rotation)
        await self.keep(ring)
        return ring

    async def keep(self, ring: KeyRing) -> None:
        """Make the next key if it is time to, and have the ring hold what the store has. Raises as `open` does."""
        kept, now = await self.store.all(ring.purpose), self.clock()
        plan = self.rotation.next([key.plan for key in kept], now)
        if plan is not None:
            await self._append(ring.purpose, plan)
            kept = await self.store.all(ring.purpose)
        ring.replace([RingKey(key.kid, ring.opened(key.kid) or self._open(key), key.plan) for key in kept])

    async def rotate(self, purpose: Purpose) -> SealedKey:
        """Return the next key, made now if none was announced: it signs as soon as everybody can know it."""
        kept, now = await self.store.all(purpose), self.clock()
        plans = [key.plan for key in kept]
        if plans and not any(plan.signs_from > now for plan in plans if plan.withdrawn_at is None):
            await self._append(purpose, self.rotation.announced_now(plans, now))
            kept = await self.store.all(purpose)
        if not kept:
            raise NotFound("There is no key yet: the service makes the first one when it starts.")
        return kept[0]

    async def retire(self, kid: str) -> None:
        """Take a key out whose tokens have all expired, before its time is up. Raises NotFound or Conflict."""
        key, keys = await self._find(kid)
        signs_until = self.rotation.instants(key.plan, [one.plan for one in keys]).signs_until
        if signs_until is None or self.clock() < signs_until + LONGEST + CLOCK_ERROR:
            raise Conflict("Tokens under this key are still good: `sso keys rotate` first and wait, or revoke it.")
        await self._withdraw(key)

    async def revoke(self, kid: str) -> None:
        """Take a key out at once, whatever it signed. Where it was the one that signs, a new one does, unannounced.

        Raises NotFound.
        """
        key, keys = await self._find(kid)
        plans, now = [one.plan for one in keys], self.clock()
        if signing(plans, now) is key.plan:  # the new one first: between the two there must be one that signs
            await self._append(key.purpose, self.rotation.at_once(plans, now))
        await self._withdraw(key)

    async def _find(self, kid: str) -> tuple[SealedKey, Sequence[SealedKey]]:
        for purpose in Purpose:
            keys = await self.store.all(purpose)
            for key in keys:
                if key.kid == kid:
                    return key, keys
        raise NotFound("There is no key of ours with this kid: `sso keys list` shows them.")

    async def _withdraw(self, key: SealedKey) -> None:
        now = self.clock()
        async with self.audit.unit_of_work():
            if await self.store.withdraw(key.kid, now):
                await self.audit.write(SIGNING_KEY_WITHDRAWN(now, kid=key.kid, purpose=key.purpose.value))

    async def _append(self, purpose: Purpose, plan: Planned) -> None:
        key = await asyncio.to_thread(_make, purpose)  # an RSA key takes a fifth of a second
        kid = key.thumbprint()
        sealed = self.sealer.seal(key.as_pem(private=True).decode(), _COLUMN, kid)
        async with self.audit.unit_of_work():
            if await self.store.append(SealedKey(kid, purpose, plan, sealed)):
                await self.audit.write(SIGNING_KEY_MADE(plan.published_from, kid=kid, purpose=purpose.value))

    def _open(self, key: SealedKey) -> SigningKey:
        kind = ECKey if ALGORITHMS[key.purpose] == "ES256" else RSAKey
        try:
            return kind.import_key(self.sealer.open(key.sealed, _COLUMN, key.kid))
        except CannotOpen as error:
            raise SettingsError(
                f"The signing key {key.kid} in the database does not open: {error}. "
                "Put back the sealing key that belongs to this database."
            ) from None


def _make(purpose: Purpose) -> SigningKey:
    return ECKey.generate_key("P-256") if ALGORITHMS[purpose] == "ES256" else RSAKey.generate_key(_RSA_BITS)
