"""Partners' public keys: registered by their owner, revoked for ever, and handed to the verifier ready to use."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol

from joserfc.jwk import ECKey, OKPKey, RSAKey

from common.clock import Clock
from common.errors import KeyRejected, NotFound
from keys import policy
from keys.ring import KeyRing
from schemas.identifiers import CompanyId

MAX_KEYS: Final = 5
"""Current keys that one company can have: enough for a rotation with overlap at two sites."""

VerificationKey = RSAKey | ECKey | OKPKey
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class PartnerKey:
    """A registered key. `kid` is its RFC 7638 thumbprint, so unique; `jwk` is its public members as JSON text."""

    kid: str
    company_id: CompanyId
    kty: str
    alg: str
    jwk: str
    label: str | None
    created_at: datetime

    def verification_key(self) -> VerificationKey:
        """Return the key as the library wants it, imported once per process."""
        return _imported(self.kty, self.jwk)


class PartnerKeyStore(Protocol):
    async def add(self, key: PartnerKey) -> tuple[PartnerKey, bool]:
        """Return the key as kept, and whether it is new. Raises KeyRejected, see `PartnerKeys.register`."""
        ...

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        """Return the keys of a company that are not revoked, the oldest first."""
        ...

    async def find(self, kid: str) -> PartnerKey | None:
        """Return the key of this name if it is not revoked, whoever's it is."""
        ...

    async def revoke(self, company_id: CompanyId, kid: str, now: datetime) -> bool:
        """Revoke a key for ever; return whether the company had it."""
        ...


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """What a company does with its keys. `own` are our rings: what is published there is nobody's to register."""

    store: PartnerKeyStore
    clock: Clock
    own: Sequence[KeyRing]

    async def register(
        self, company_id: CompanyId, key: policy.PublicKey, label: str | None
    ) -> tuple[PartnerKey, bool]:
        """Return the registered key, and whether it is new: the same key again is no error.

        Raises KeyRejected for another company's key, one revoked before, one registered for another algorithm,
        or one more than MAX_KEYS.
        """
        if any(ring.find(key.kid) for ring in self.own):
            raise KeyRejected("another_company", "This key is ours: make a key of your own.")
        jwk = json.dumps(dict(key.jwk), sort_keys=True)
        return await self.store.add(PartnerKey(key.kid, company_id, key.kty, key.alg, jwk, label, self.clock()))

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        """Return the company's keys that are not revoked, the oldest first."""
        return await self.store.current(company_id)

    async def find(self, kid: str) -> PartnerKey | None:
        """Return the key of this name, which can be any text, if it is current; whoever's it is."""
        return await self.store.find(kid) if _THUMBPRINT.fullmatch(kid) else None

    async def revoke(self, company_id: CompanyId, kid: str) -> None:
        """Revoke a key; it verifies nothing from now on, and can not come back. Raises NotFound."""
        if not _THUMBPRINT.fullmatch(kid) or not await self.store.revoke(company_id, kid, self.clock()):
            raise NotFound("There is no such key.")


@lru_cache(maxsize=4096)
def _imported(kty: str, jwk: str) -> VerificationKey:
    members = json.loads(jwk)
    match kty:
        case "RSA":
            return RSAKey.import_key(members)
        case "EC":
            return ECKey.import_key(members)
        case _:
            return OKPKey.import_key(members)
