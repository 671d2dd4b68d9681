"""The stores in memory: short and honest, for tests that are about something else, and the first row of each suite."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from common.audit.events import Event
from common.clock import Clock
from common.errors import KeyRejected
from common.limits import Counted
from identity.companies.tokens import is_older
from keys import policy
from keys.partners import MAX_KEYS, PartnerKey
from keys.ring import Purpose, SealedKey
from schemas.facts import Standing
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from sso.issuer.clients import Client, LiveSecret, RegisteredClient, secret_digest
from sso.verifier.trust import Signer
from tests.support.ehr import Ehr

REGISTERED: Final = datetime.fromisoformat("2026-01-01T00:00:00Z")


@dataclass
class MemoryLimiter:
    """Limiter that counts, and has room for everyone."""

    refusals: list[str] = field(default_factory=list)

    async def admit(self, counted: Counted, who: str) -> None:
        pass

    async def refused(self, who: str) -> None:
        self.refusals.append(who)

    def require_not_told(self, who: str) -> None:
        pass


@dataclass
class MemoryReplayGuard:
    """ReplayGuard of one process, on a clock that the test sets."""

    clock: Clock
    _until: dict[str, datetime] = field(default_factory=dict)

    async def spend(self, spend_key: str, window: timedelta) -> bool:
        await asyncio.sleep(0)  # let others in between, as a network does
        now = self.clock()
        if self._until.get(spend_key, now) > now:
            return False
        self._until[spend_key] = now + window
        return True

    async def is_spent(self, spend_key: str) -> bool:
        now = self.clock()
        return self._until.get(spend_key, now) > now


@dataclass
class MemoryCompanies:
    """The companies that may launch and have tokens; taking one out is making it inactive."""

    signers: dict[CompanyId, Signer] = field(default_factory=dict)
    secrets: dict[CompanyId, list[str]] = field(default_factory=dict)
    revoked: set[tuple[CompanyId, str]] = field(default_factory=set)
    secret_revoked_at: dict[CompanyId, datetime] = field(default_factory=dict)

    def add(self, *secrets: str, name: str = "Huisartsenpraktijk De Linde") -> CompanyId:
        company_id = CompanyId(uuid4())
        self.signers[company_id] = Signer(company_id, name)
        self.secrets[company_id] = list(secrets)
        return company_id

    async def signer(self, company_id: CompanyId) -> Signer | None:
        return self.signers.get(company_id)

    async def standing(self, company_id: CompanyId, jti: str, issued_at: int) -> Standing:
        if company_id not in self.signers:
            return Standing.COMPANY_NOT_ACTIVE
        if (company_id, jti) in self.revoked:
            return Standing.TOKEN_REVOKED
        older = is_older(issued_at, self.secret_revoked_at.get(company_id))
        return Standing.SECRET_REVOKED if older else Standing.GOOD

    async def client(self, company_id: CompanyId) -> RegisteredClient | None:
        signer = self.signers.get(company_id)
        if signer is None:
            return None
        live = [LiveSecret(uuid4(), secret_digest(secret)) for secret in self.secrets[company_id]]
        return RegisteredClient(Client(company_id, signer.company_name), live)

    def is_due(self, _secret: LiveSecret, _now: datetime) -> bool:
        return False

    async def used(self, secret: LiveSecret, now: datetime) -> None:
        pass


@dataclass
class MemoryPartnerKeys:
    """PartnerKeyStore: what was ever registered, and what of it is revoked."""

    registered: dict[str, PartnerKey] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    async def add(self, key: PartnerKey) -> tuple[PartnerKey, bool]:
        known = self.registered.get(key.kid)
        if known is None:
            if len(await self.current(key.company_id)) >= MAX_KEYS:
                raise KeyRejected("too_many", "One more than there may be.")
            self.registered[key.kid] = key
            return key, True
        if known.company_id != key.company_id:
            raise KeyRejected("another_company", "It is another company's.")
        if key.kid in self.revoked:
            raise KeyRejected("revoked", "It was revoked.")
        if known.alg != key.alg:
            raise KeyRejected("alg", "It is registered for another algorithm.")
        return known, False

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        keys = (self.registered[kid] for kid in self.registered.keys() - self.revoked)
        return sorted((key for key in keys if key.company_id == company_id), key=lambda key: (key.created_at, key.kid))

    async def find(self, kid: str) -> PartnerKey | None:
        return None if kid in self.revoked else self.registered.get(kid)

    async def revoke(self, company_id: CompanyId, kid: str, now: datetime) -> bool:  # noqa: ARG002 - the protocol's
        key = await self.find(kid)
        if key is None or key.company_id != company_id:
            return False
        self.revoked.add(kid)
        return True

    async def revoke_exposed(self, key: PartnerKey, now: datetime) -> bool:
        self.registered.setdefault(key.kid, key)
        return await self.revoke(key.company_id, key.kid, now)


@dataclass
class MemoryKeySets:
    """PublishedKeySets that only takes note."""

    asked: list[CompanyId] = field(default_factory=list)

    async def wanted(self, company_id: CompanyId) -> None:
        self.asked.append(company_id)


@dataclass
class MemorySigningKeys:
    """SigningKeyStore: one key per purpose and generation, the first that comes."""

    kept: dict[str, SealedKey] = field(default_factory=dict)

    async def all(self, purpose: Purpose) -> Sequence[SealedKey]:
        keys = (key for key in self.kept.values() if key.purpose is purpose)
        return sorted(keys, key=lambda key: -key.plan.generation)

    async def append(self, key: SealedKey) -> bool:
        await asyncio.sleep(0)  # let others in between, as a database does
        taken = {(kept.purpose, kept.plan.generation) for kept in self.kept.values()}
        if key.kid in self.kept or (key.purpose, key.plan.generation) in taken:
            return False
        self.kept[key.kid] = key
        return True

    async def withdraw(self, kid: str, now: datetime) -> bool:
        key = self.kept.get(kid)
        if key is None or key.plan.withdrawn_at is not None:
            return False
        self.kept[kid] = replace(key, plan=replace(key.plan, withdrawn_at=now))
        return True


def partner_key(ehr: Ehr, company_id: CompanyId, *, alg: str | None = None) -> PartnerKey:
    """Return the key of an EHR as the key policy lets it in, for `alg` or the EHR's own."""
    public = policy.from_jwk(ehr.public_jwk() | {"alg": alg or ehr.alg})
    text = json.dumps(dict(public.jwk), sort_keys=True)
    return PartnerKey(public.kid, company_id, public.kty, public.alg, text, None, REGISTERED)


def later(key: PartnerKey, **time: float) -> PartnerKey:
    """Return the key as registered `seconds=…`, `minutes=…` later."""
    return replace(key, created_at=key.created_at + timedelta(**time))


@dataclass
class MemoryAudit:
    """AuditLog in which nothing is ever undone."""

    events: list[Event] = field(default_factory=list)

    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        return nullcontext()

    async def write(self, *events: Event) -> None:
        self.events += events


@dataclass
class MemoryLaunches:
    """What access tokens ask of launches."""

    patients: dict[LaunchId, Pseudoniem] = field(default_factory=dict)

    async def patient_of(self, launch_id: LaunchId) -> Pseudoniem | None:
        return self.patients.get(launch_id)
