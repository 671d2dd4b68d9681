"""What others may ask of companies: to register one, who may sign, and who may have tokens."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from common.audit.catalogue import COMPANY_REGISTERED
from common.audit.events import AuditLog
from common.clock import Clock
from common.errors import NotFound
from identity.companies.model import Company, CompanyStore, Status
from schemas.identifiers import CompanyId
from sso.issuer.clients import Client, LiveSecret, RegisteredClient, make_secret, secret_digest
from sso.verifier.trust import Signer

USE_NOTED: Final = timedelta(hours=1)
"""A secret's last use is kept this often at most: so it is a write in an hour, and not one per request."""


@dataclass(frozen=True, slots=True)
class Companies:
    """The companies; satisfies `Clients` of the token endpoint and `Companies` of the verifier.

    `first_status` is the registration policy: what a company is that has just registered.
    """

    store: CompanyStore
    audit: AuditLog
    clock: Clock
    first_status: Status

    async def register(self, name: str) -> tuple[Company, str]:
        """Return a new company and its secret, which is kept as a digest and so cannot be shown again."""
        company = Company(CompanyId(uuid.uuid4()), name, self.first_status, self.clock())
        secret = make_secret()
        async with self.audit.unit_of_work():
            await self.store.add(company, secret_digest(secret))
            await self.audit.write(
                COMPANY_REGISTERED(company.registered_at, company_id=company.company_id, status=company.status.value)
            )
        return company, secret

    async def show(self, company_id: CompanyId) -> Company:
        """Return a company, whatever its status. Raises NotFound."""
        company = await self.store.find(company_id)
        if company is None:
            raise NotFound("There is no such company.")
        return company

    async def signer(self, company_id: CompanyId) -> Signer | None:
        """Return the company as one whose tokens count, if it is active."""
        company = await self._active(company_id)
        return Signer(company_id, company.name) if company else None

    async def client(self, company_id: CompanyId) -> RegisteredClient | None:
        """Return the company as a client of the token endpoint, if it is active."""
        found = await self.store.with_secrets(company_id, self.clock())
        if found is None or found[0].status is not Status.ACTIVE:
            return None
        secrets = [LiveSecret(secret.secret_id, secret.digest, secret.last_used_at) for secret in found[1]]
        return RegisteredClient(Client(company_id, found[0].name), secrets)

    def is_due(self, secret: LiveSecret, now: datetime) -> bool:
        """See `Clients`."""
        return secret.last_used_at is None or secret.last_used_at <= now - USE_NOTED

    async def used(self, secret: LiveSecret, now: datetime) -> None:
        """See `Clients`."""
        if self.is_due(secret, now):
            await self.store.note_use(secret.secret_id, now, now - USE_NOTED)

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        """Return the names of companies."""
        return await self.store.names(company_ids)

    async def _active(self, company_id: CompanyId) -> Company | None:
        company = await self.store.find(company_id)
        return company if company and company.status is Status.ACTIVE else None
