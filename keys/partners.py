"""Partners' public keys: registered by their owner, revoked for ever, and handed to the verifier ready to use."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol

from joserfc.jwk import ECKey, OKPKey, RSAKey

from common.audit.catalogue import KEY_REFUSED, KEY_REGISTERED, KEY_REVOKED
from common.audit.events import AuditLog
from common.audit.refusals import refusals
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
    """A key that counts. `kid` is its RFC 7638 thumbprint, so unique; `jwk` is its public members as JSON text.

    It was `uploaded`, or is published by its company, `published_as` its name in that key set; or both.
    """

    kid: str
    company_id: CompanyId
    kty: str
    alg: str
    jwk: str
    label: str | None
    created_at: datetime
    uploaded: bool = True
    published_as: str | None = None

    def answers_to(self, kid: str | None) -> bool:
        """Return whether a token of the company that names this key, or none, can be signed by it.

        An uploaded key has its thumbprint for a name and is tried without one, a published one has the name in its set.
        """
        return (self.uploaded and kid in (None, self.kid)) or (kid is not None and kid == self.published_as)

    def verification_key(self) -> VerificationKey:
        """Return the key as the library wants it, imported once per process."""
        return imported(self.kty, self.jwk)


class PartnerKeyStore(Protocol):
    async def add(self, key: PartnerKey) -> tuple[PartnerKey, bool]:
        """Return the key as kept, and whether it is new. Raises KeyRejected, see `PartnerKeys.register`."""
        ...

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        """Return the keys of a company that count, uploaded and published, the oldest first."""
        ...

    async def find(self, kid: str) -> PartnerKey | None:
        """Return the uploaded key of this name if it is not revoked, whoever's it is."""
        ...

    async def revoke(self, company_id: CompanyId, kid: str, now: datetime) -> bool:
        """Revoke a key for ever, uploaded, published or withdrawn; return whether the company had it."""
        ...

    async def revoke_exposed(self, key: PartnerKey, now: datetime) -> bool:
        """Revoke a key for ever that its company has or nobody has; return whether it is revoked by this."""
        ...


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """What a company does with its keys. `own` are our rings: what is published there is nobody's to register."""

    store: PartnerKeyStore
    audit: AuditLog
    clock: Clock
    own: Sequence[KeyRing]

    async def take(
        self, company_id: CompanyId, *, jwk: Mapping[str, object] | None, pem: str | None, label: str | None
    ) -> tuple[PartnerKey, bool]:
        """Return the registered key that a JWK, or else a PEM, describes; as `register`.

        Raises KeyRejected for one that the policy does not take, too.
        """
        async with refusals(self.audit, KEY_REFUSED, self.clock(), company_id=company_id):
            public = policy.from_jwk(jwk) if jwk is not None else policy.from_pem(pem or "")
            return await self.register(company_id, public, label)

    async def register(
        self, company_id: CompanyId, key: policy.PublicKey, label: str | None
    ) -> tuple[PartnerKey, bool]:
        """Return the registered key, and whether it is new: the same key again is no error.

        Raises KeyRejected for another company's key, one revoked before, one registered for another algorithm,
        or one more than MAX_KEYS.
        """
        if self.own_among([key.kid]):
            raise KeyRejected("another_company", "This key is ours: make a key of your own.")
        jwk, now = kept_form(key), self.clock()
        async with self.audit.unit_of_work():
            kept, new = await self.store.add(PartnerKey(key.kid, company_id, key.kty, key.alg, jwk, label, now))
            await self.audit.write(KEY_REGISTERED(now, company_id=company_id, kid=kept.kid, new=new))
        return kept, new

    def own_among(self, thumbprints: Sequence[str]) -> Sequence[str]:
        """Return those of these keys that are ours."""
        return [kid for kid in thumbprints if any(ring.opened(kid) for ring in self.own)]

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        """Return the company's keys that count, uploaded and published, the oldest first."""
        return await self.store.current(company_id)

    async def find(self, kid: str) -> PartnerKey | None:
        """Return the uploaded key of this name, which can be any text, if it is current; whoever's it is."""
        return await self.store.find(kid) if _THUMBPRINT.fullmatch(kid) else None

    async def revoke(self, company_id: CompanyId, kid: str) -> None:
        """Revoke a key; it verifies nothing from now on, and can not come back. Raises NotFound."""
        now, whose = self.clock(), {"company_id": company_id}
        async with refusals(self.audit, KEY_REFUSED, now, **whose), self.audit.unit_of_work():
            if not _THUMBPRINT.fullmatch(kid) or not await self.store.revoke(company_id, kid, now):
                raise NotFound("There is no such key.")
            await self.audit.write(KEY_REVOKED(now, **whose, kid=kid))

    async def revoke_exposed(self, company_id: CompanyId, keys: Sequence[policy.PublicKey]) -> None:
        """Revoke those of these keys that the company has, and those that nobody has, so that it never has them.

        They were found with their private parts where anybody can fetch them. Another company's stay as they are, and
        ours: who wrote the set can have invented the private part.
        """
        own, now = self.own_among([key.kid for key in keys]), self.clock()
        async with self.audit.unit_of_work():
            for key in (key for key in keys if key.kid not in own):
                found = PartnerKey(key.kid, company_id, key.kty, key.alg, kept_form(key), None, now)
                if await self.store.revoke_exposed(found, now):
                    await self.audit.write(KEY_REVOKED(now, company_id=company_id, kid=key.kid))


def kept_form(key: policy.PublicKey) -> str:
    """Return the public members of a key as the text that is kept."""
    return json.dumps(dict(key.jwk), sort_keys=True)


@lru_cache(maxsize=4096)
def imported(kty: str, jwk: str) -> VerificationKey:
    """Return a public key in its kept form as the library wants it, imported once per process."""
    members = json.loads(jwk)
    match kty:
        case "RSA":
            return RSAKey.import_key(members)
        case "EC":
            return ECKey.import_key(members)
        case _:
            return OKPKey.import_key(members)
