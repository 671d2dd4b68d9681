"""Our own signing keys: which one signs, and which ones others may verify with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from joserfc.jwk import ECKey, RSAKey

from common.clock import Clock
from common.errors import SettingsError
from keys.sealing import CannotOpen, Sealer

_COLUMN = "signing_keys.sealed"
_RSA_BITS: Final = 2048

SigningKey = ECKey | RSAKey


class Purpose(StrEnum):
    """What a key signs; no key signs for two purposes (RFC 8725 3.12)."""

    ACCESS = "access"
    SSO = "sso"


ALGORITHMS: Final[Mapping[Purpose, str]] = {Purpose.ACCESS: "ES256", Purpose.SSO: "RS256"}


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A signing key at rest. `generation` counts from 1 per purpose; `kid` is the RFC 7638 thumbprint."""

    kid: str
    purpose: Purpose
    generation: int
    sealed: bytes
    created_at: datetime


class SigningKeyStore(Protocol):
    async def all(self, purpose: Purpose) -> Sequence[SealedKey]:
        """Return every key of a purpose, the newest first."""
        ...

    async def append(self, key: SealedKey) -> None:
        """Keep a key; do nothing if its generation is there already: another instance came first."""
        ...


class KeyRing:
    """The keys of one purpose, opened, the newest first. The newest signs, all are published."""

    def __init__(self, purpose: Purpose, keys: Sequence[SigningKey]) -> None:
        self._keys = {key.thumbprint(): key for key in keys}
        self.alg = ALGORITHMS[purpose]
        self.signing = keys[0]
        self.signing_kid = keys[0].thumbprint()

    def find(self, kid: str | None) -> SigningKey | None:
        """Return the key of this name, None if it is none of ours."""
        return self._keys.get(kid) if kid is not None else None

    async def key(self, kid: str | None) -> SigningKey | None:
        """Return `find`, for those to whom a ring is as good as the key set of another process."""
        return self.find(kid)

    def public(self) -> list[dict[str, Any]]:
        """Return the public halves as JWKs (RFC 7517 4)."""
        names = self._keys.items()
        return [{**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": self.alg} for kid, key in names]


async def open_ring(purpose: Purpose, store: SigningKeyStore, sealer: Sealer, clock: Clock) -> KeyRing:
    """Return the ring of a purpose, after making the first key if there is none; many at once make one.

    Raises SettingsError if a key does not open with this sealing key.
    """
    if not await store.all(purpose):
        await store.append(_make(purpose, sealer, generation=1, now=clock()))
    return KeyRing(purpose, [_open(sealer, key) for key in await store.all(purpose)])


def _make(purpose: Purpose, sealer: Sealer, *, generation: int, now: datetime) -> SealedKey:
    key = ECKey.generate_key("P-256") if ALGORITHMS[purpose] == "ES256" else RSAKey.generate_key(_RSA_BITS)
    kid = key.thumbprint()
    return SealedKey(kid, purpose, generation, sealer.seal(key.as_pem(private=True).decode(), _COLUMN, kid), now)


def _open(sealer: Sealer, key: SealedKey) -> SigningKey:
    kind = ECKey if ALGORITHMS[key.purpose] == "ES256" else RSAKey
    try:
        return kind.import_key(sealer.open(key.sealed, _COLUMN, key.kid))
    except CannotOpen as error:
        raise SettingsError(
            f"The signing key {key.kid} in the database does not open: {error}. "
            "Put back the sealing key that belongs to this database."
        ) from None
