"""Keeps the rings: makes the first key and each successor in time, and takes over what other instances made.

Any number of instances do so at once. What they write is "append the next generation", of which of many the first
counts, and "withdraw". Nothing is written before every key that is there has been opened: a key that was sealed with
another sealing key would stop all others.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from common.audit.catalogue import SIGNING_KEY_MADE, SIGNING_KEY_WITHDRAWN
from common.audit.events import AuditLog
from common.clock import Clock
from common.errors import Conflict, NotFound, SettingsError, Unavailable
from keys.ring import ALGORITHMS, KeyRing, Purpose, RingKey, SealedKey, SigningKey, SigningKeyStore
from keys.schedule import LEAST_KEPT, Planned, Rotation, signing
from keys.sealing import CannotOpen, Sealer

_COLUMN: Final = "signing_keys.sealed"
_RSA_BITS: Final = 2048

_WRITTEN_WITHIN: Final = timedelta(minutes=1)
"""How long keeping a key may take: a process that stood still would announce it for less than it says."""


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
        """Have the ring hold what the store has, and make the next key if it is time to. Raises as `open` does.

        Also where one key does not open, the ring has the others, and what was withdrawn is out.
        """
        kept = await self._read(ring)
        plan = self.rotation.next(_plans(kept), self.clock())
        if plan is not None:
            await self._append(await self._make(ring.purpose, plan))
            await self._read(ring)

    async def read(self, purpose: Purpose) -> KeyRing:
        """Return the ring of a purpose as it is, and make nothing. Raises as `open` does."""
        ring = KeyRing(purpose, self.rotation)
        await self._read(ring)
        return ring

    async def rotate(self, purpose: Purpose) -> SealedKey:
        """Return the next key, made now if none was announced: it signs as soon as everybody can know it.

        Raises NotFound without any key, SettingsError or Unavailable.
        """
        while True:
            kept, now = await self._read(KeyRing(purpose, self.rotation)), self.clock()
            if not kept:
                raise NotFound("There is no key yet: the service makes the first one when it starts.")
            coming = self.rotation.coming(_plans(kept), now)
            if coming is not None:
                return next(key for key in kept if key.plan is coming)
            await self._append(await self._make(purpose, self.rotation.announced_now(_plans(kept), now)))

    async def retire(self, kid: str) -> None:
        """Take a key out whose tokens have all expired, before its time is up. Raises NotFound or Conflict."""
        (key, keys), now = await self._find(kid), self.clock()
        signs_until = self.rotation.instants(key.plan, _plans(keys)).signs_until
        if signs_until is None or now < signs_until + LEAST_KEPT:
            raise Conflict("Tokens under this key are good, or will be: `sso keys rotate` and wait, or revoke it.")
        await self._withdraw(key, now)

    async def revoke(self, kid: str) -> None:
        """Take a key out at once, whatever it signed. Where it was the one that signs, a new one does, unannounced.

        Raises NotFound, SettingsError or Unavailable.
        """
        while True:
            (key, keys), now = await self._find(kid), self.clock()
            if signing(_plans(keys), now) is not key.plan:
                return await self._withdraw(key, now)
            await self._read(KeyRing(key.purpose, self.rotation))
            successor = await self._make(key.purpose, self.rotation.at_once(_plans(keys), now))
            async with self.audit.unit_of_work():  # both or neither: at no time there is none that signs
                if await self._append(successor):
                    return await self._withdraw(key, now)

    async def _find(self, kid: str) -> tuple[SealedKey, Sequence[SealedKey]]:
        for purpose in Purpose:
            keys = await self.store.all(purpose)
            for key in keys:
                if key.kid == kid:
                    return key, keys
        raise NotFound("There is no key of ours with this kid: `sso keys list` shows them.")

    async def _read(self, ring: KeyRing) -> Sequence[SealedKey]:
        kept, opened, closed = await self.store.all(ring.purpose), [], None
        for key in kept:
            try:
                opened.append(RingKey(key.kid, ring.opened(key.kid) or self._open(key), key.plan))
            except SettingsError as error:
                closed = error
        ring.replace(opened)
        if closed is not None:
            raise closed
        return kept

    async def _make(self, purpose: Purpose, plan: Planned) -> SealedKey:
        key = await asyncio.to_thread(_new_key, purpose)  # an RSA key takes a fifth of a second
        kid = key.thumbprint()
        return SealedKey(kid, purpose, plan, self.sealer.seal(key.as_pem(private=True).decode(), _COLUMN, kid))

    async def _append(self, key: SealedKey) -> bool:
        async with self.audit.unit_of_work():
            new, made_at = await self.store.append(key), key.plan.published_from
            if new:
                await self.audit.write(SIGNING_KEY_MADE(made_at, kid=key.kid, purpose=key.purpose.value))
            if self.clock() > made_at + _WRITTEN_WITHIN:
                raise Unavailable("the signing keys", private="too long between planning a key and keeping it")
            return new

    async def _withdraw(self, key: SealedKey, now: datetime) -> None:
        async with self.audit.unit_of_work():
            if await self.store.withdraw(key.kid, now):
                await self.audit.write(SIGNING_KEY_WITHDRAWN(now, kid=key.kid, purpose=key.purpose.value))

    def _open(self, key: SealedKey) -> SigningKey:
        kind = ECKey if ALGORITHMS[key.purpose] == "ES256" else RSAKey
        try:
            return kind.import_key(self.sealer.open(key.sealed, _COLUMN, key.kid))
        except (CannotOpen, JoseError) as error:  # JoseError: it was moved to the other purpose
            raise SettingsError(
                f"The signing key {key.kid} in the database does not open: {error}. "
                "Put back the sealing key that belongs to this database."
            ) from None


def _plans(keys: Sequence[SealedKey]) -> list[Planned]:
    return [key.plan for key in keys]


def _new_key(purpose: Purpose) -> SigningKey:
    return ECKey.generate_key("P-256") if ALGORITHMS[purpose] == "ES256" else RSAKey.generate_key(_RSA_BITS)
