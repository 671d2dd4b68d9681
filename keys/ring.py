"""Our own signing keys: which one signs, and which ones others may verify with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from joserfc.jwk import ECKey

from common.clock import Clock
from common.errors import SettingsError
from keys.sealing import CannotOpen, Sealer

_COLUMN = "signing_keys.sealed"


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A signing key at rest. `generation` counts from 1; `kid` is the RFC 7638 thumbprint."""

    kid: str
    generation: int
    sealed: bytes
    created_at: datetime


class SigningKeyStore(Protocol):
    async def all(self) -> Sequence[SealedKey]:
        """Return every key, the newest first."""
        ...

    async def append(self, key: SealedKey) -> None:
        """Keep a key; do nothing if its generation is there already: another instance came first."""
        ...


class KeyRing:
    """Keys that have been opened, the newest first. The newest signs, all are published."""

    def __init__(self, keys: Sequence[ECKey]) -> None:
        self._keys = {key.thumbprint(): key for key in keys}
        self.signing = keys[0]
        self.signing_kid = keys[0].thumbprint()

    def find(self, kid: str) -> ECKey | None:
        """Return the key of this name, None if it is none of ours."""
        return self._keys.get(kid)

    def jwks(self) -> dict[str, Any]:
        """Return the public halves as a JWK set (RFC 7517 5)."""
        names = self._keys.items()
        return {
            "keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": "ES256"} for kid, key in names]
        }


async def open_ring(store: SigningKeyStore, sealer: Sealer, clock: Clock) -> KeyRing:
    """Return the ring, after making the first key if there is none; many at once make one.

    Raises SettingsError if a key does not open with this sealing key.
    """
    if not await store.all():
        await store.append(_make(sealer, generation=1, now=clock()))
    return KeyRing([_open(sealer, key) for key in await store.all()])


def _make(sealer: Sealer, *, generation: int, now: datetime) -> SealedKey:
    key = ECKey.generate_key("P-256", private=True)
    kid = key.thumbprint()
    return SealedKey(kid, generation, sealer.seal(key.as_pem(private=True).decode(), _COLUMN, kid), now)


def _open(sealer: Sealer, key: SealedKey) -> ECKey:
    try:
        return ECKey.import_key(sealer.open(key.sealed, _COLUMN, key.kid))
    except CannotOpen as error:
        raise SettingsError(
            f"The signing key {key.kid} in the database does not open: {error}. "
            "Put back the sealing key that belongs to this database."
        ) from None
