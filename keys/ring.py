"""Our own signing keys: which one signs, and which ones others may verify with (ADR 0019).

A ring is a set of opened keys with their times, replaced as a whole when the store has others; which of them signs is
asked with the time of each token.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from joserfc.jwk import ECKey, RSAKey

from common.errors import Unavailable
from keys.schedule import Instants, Planned, Rotation, signing

SigningKey = ECKey | RSAKey


class Purpose(StrEnum):
    """What a key signs; no key signs for two purposes (RFC 8725 3.12)."""

    ACCESS = "access"
    SSO = "sso"


ALGORITHMS: Final[Mapping[Purpose, str]] = {Purpose.ACCESS: "ES256", Purpose.SSO: "RS256"}


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A signing key at rest. `kid` is the RFC 7638 thumbprint; generations count from 1 per purpose."""

    kid: str
    purpose: Purpose
    plan: Planned
    sealed: bytes = field(repr=False)


class SigningKeyStore(Protocol):
    async def all(self, purpose: Purpose) -> Sequence[SealedKey]:
        """Return every key of a purpose, the newest first."""
        ...

    async def append(self, key: SealedKey) -> bool:
        """Keep a key; return False, and keep nothing, if its generation is there: another instance came first."""
        ...

    async def withdraw(self, kid: str, now: datetime) -> bool:
        """Take a key out, for ever; return whether it was there and not out already."""
        ...


@dataclass(frozen=True, slots=True)
class RingKey:
    """An opened key with its plan."""

    kid: str
    key: SigningKey
    plan: Planned


class KeyRing:
    """The keys of one purpose."""

    def __init__(self, purpose: Purpose, rotation: Rotation, keys: Iterable[RingKey] = ()) -> None:
        self.purpose = purpose
        self.alg = ALGORITHMS[purpose]
        self._rotation = rotation
        self._keys: Mapping[str, tuple[RingKey, Instants]] = {}
        self._known: bool
        self.replaced = 0  # how often
        self.replace(keys)

    def replace(self, keys: Iterable[RingKey]) -> None:
        """Have these keys from now on, the newest first."""
        ordered = list(keys)
        if ordered != [key for key, _ in self._keys.values()]:  # this is asked twice a second
            plans = [key.plan for key in ordered]
            self._keys = {key.kid: (key, self._rotation.instants(key.plan, plans)) for key in ordered}
        self._known = True
        self.replaced += 1

    def lose(self) -> None:
        """Answer nobody until the next `replace`: what the ring has is too old, a key of it may be withdrawn by now."""
        self._known = False

    def opened(self, kid: str) -> SigningKey | None:
        """Return a key of the ring, whether it is published or not."""
        found = self._keys.get(kid)
        return found[0].key if found is not None else None

    def signing(self, now: datetime) -> tuple[str, SigningKey]:
        """Return the name of the key that signs now, and the key. Raises Unavailable if there is none."""
        keys = [key for key, _ in self._current().values()]  # once: other threads sign while the ring is replaced
        plan = signing([key.plan for key in keys], now)
        found = next((key for key in keys if key.plan is plan), None)
        if found is None:
            raise Unavailable("the signing key", private=f"no key of ours signs for {self.purpose.value}")
        return found.kid, found.key

    def find(self, kid: str | None, now: datetime) -> SigningKey | None:
        """Return the key of this name if tokens under it are still good, None if it is none of ours.

        Raises Unavailable if what is known is too old.
        """
        found = self._current().get(kid or "")
        return found[0].key if found is not None and found[1].verifies(now) else None

    async def key(self, kid: str | None, now: datetime) -> SigningKey | None:
        """Return `find`, for those to whom a ring is as good as the key set of another process."""
        return self.find(kid, now)

    def public(self, now: datetime) -> list[dict[str, Any]]:
        """Return the public halves of those that are published as JWKs (RFC 7517 4). Raises as `find` does."""
        shown = [key for key, when in self._current().values() if when.published(now)]
        return [{**key.key.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": self.alg} for key in shown]

    def _current(self) -> Mapping[str, tuple[RingKey, Instants]]:
        if not self._known:
            raise Unavailable("the signing keys", private=f"the keys for {self.purpose.value} could not be looked at")
        return self._keys
