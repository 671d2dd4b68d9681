"""Our own signing keys, for tests: rings without a store, and keepers of one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from common.audit.events import AuditLog
from common.clock import Clock
from common.settings import Settings
from keys.keeper import KeyKeeper
from keys.ring import KeyRing, Purpose, RingKey, SealedKey, SigningKey, SigningKeyStore
from keys.schedule import Planned, Rotation
from keys.sealing import KEY_BYTES, Sealer
from services.wiring import rotation_of
from tests.support.memory import REGISTERED, MemoryAudit

ROTATION: Final[Rotation] = rotation_of(Settings())
"""The one that nobody set."""

SEALER: Final = Sealer(bytes(KEY_BYTES))
ANOTHER_SEALER: Final = Sealer(bytes(range(KEY_BYTES)))


def ring_of(purpose: Purpose, *keys: SigningKey) -> KeyRing:
    """Return a ring of these keys: the first one signs, those after it are older and published for a year."""
    plans = [Planned(number, REGISTERED, REGISTERED) for number in range(len(keys), 0, -1)]
    kept = replace(ROTATION, kept=timedelta(days=366))
    return KeyRing(purpose, kept, [RingKey(key.thumbprint(), key, plan) for key, plan in zip(keys, plans, strict=True)])


def keeper_of(
    store: SigningKeyStore,
    clock: Clock,
    *,
    rotation: Rotation = ROTATION,
    audit: AuditLog | None = None,
    sealer: Sealer = SEALER,
) -> KeyKeeper:
    """Return a keeper on a store."""
    return KeyKeeper(store, audit or MemoryAudit(), sealer, clock, rotation)


def signing_kid(ring: KeyRing, now: datetime) -> str:
    """Return the name of the key that signs."""
    return ring.signing(now)[0]


def kids(ring: KeyRing, now: datetime) -> list[str]:
    """Return the names of the published keys, the newest first."""
    return [key["kid"] for key in ring.public(now)]


def sealed_key(
    kid: str,
    generation: int,
    published_from: datetime,
    signs_from: datetime | None = None,
    purpose: Purpose = Purpose.ACCESS,
) -> SealedKey:
    """Return a key at rest that nobody will open."""
    return SealedKey(kid, purpose, Planned(generation, published_from, signs_from or published_from), kid.encode())
