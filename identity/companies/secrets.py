"""The secrets of a company: two at a time, so that one can follow the other and there is always one that counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4

from common.audit.catalogue import SECRET_MADE, SECRET_REFUSED, SECRET_REVOKED
from common.audit.events import AuditLog
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import Conflict, NotFound, SecretRejected
from identity.companies.model import CompanySecret, SecretStore
from identity.companies.tokens import is_older
from schemas.identifiers import CompanyId
from sso.issuer.clients import MAX_SECRETS, make_secret, secret_digest
from sso.verifier.access import older_than_revocation


class CompanyKeys(Protocol):
    async def current(self, company_id: CompanyId) -> Sequence[object]:
        """Return the company's keys that count: with one of them it can get a token without a secret."""
        ...


@dataclass(frozen=True, slots=True)
class CompanySecrets:
    """Makes and revokes secrets, for the company itself or, `by_operator`, for one that has lost its own."""

    store: SecretStore
    keys: CompanyKeys
    audit: AuditLog
    clock: Clock

    async def current(self, company_id: CompanyId) -> Sequence[CompanySecret]:
        """Return the secrets that count now, the oldest first. Raises NotFound if there is no such company."""
        found = await self.store.with_secrets(company_id, self.clock())
        if found is None:
            raise NotFound("There is no such company.")
        return found[1]

    async def make(
        self, company_id: CompanyId, label: str | None, days: int | None, *, issued_at: int | None = None
    ) -> tuple[CompanySecret, str]:
        """Return what is kept of a new secret, and the secret, which is kept by nobody and so cannot be shown again.

        It counts for so many days, with None until it is revoked. `issued_at`: the `iat` of the token that asks for it;
        None stands for an operator. Raises SecretRejected (`too_many`), NotFound, or NotAuthenticated for a token from
        before a revocation: one that waited here while a secret was revoked was let in before.
        """
        now, text, whose = self.clock(), make_secret(), {"company_id": company_id}
        ends = now + timedelta(days=days) if days is not None else None
        secret = CompanySecret(uuid4(), secret_digest(text), label, now, ends)
        async with refusals(self.audit, SECRET_REFUSED, now, **whose), self.audit.unit_of_work():
            revoked_at = await self.store.lock_secrets(company_id)
            if issued_at is not None and is_older(issued_at, revoked_at):
                raise older_than_revocation()
            if len(await self.current(company_id)) >= MAX_SECRETS:
                raise SecretRejected("too_many", f"There are {MAX_SECRETS} secrets already: revoke one of them first.")
            await self.store.add_secret(company_id, secret)
            made = SECRET_MADE(now, **whose, secret_id=secret.secret_id, by_operator=issued_at is None)
            await self.audit.write(made)
        return secret, text

    async def revoke(self, company_id: CompanyId, secret_id: str, *, by_operator: bool = False) -> None:
        """Revoke a secret by its id as a caller wrote it: it opens nothing from now on.

        Access tokens of before manage no keys and no secrets any more: who had the secret may have one.
        Raises NotFound, or Conflict for the last secret of a company without a key: it could not come in any more.
        """
        now, whose = self.clock(), {"company_id": company_id}
        async with refusals(self.audit, SECRET_REFUSED, now, **whose), self.audit.unit_of_work():
            await self.store.lock_secrets(company_id)
            live = {str(secret.secret_id): secret for secret in await self.current(company_id)}
            if secret_id not in live:
                raise NotFound("There is no such secret.")
            if len(live) == 1 and not await self.keys.current(company_id):
                raise Conflict("This is the only secret, and there is no key: make another secret first.")
            found: UUID = live[secret_id].secret_id
            await self.store.remove_secret(company_id, found)
            await self.store.keep_revocation(company_id, self.clock())
            await self.audit.write(SECRET_REVOKED(now, **whose, secret_id=found, by_operator=by_operator))
        # Until the commit the secret got tokens: a second time, now that it gets none, so that those are older too.
        await self.store.keep_revocation(company_id, self.clock())
