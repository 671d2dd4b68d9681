"""How one of our own services proves who it is: by an assertion under its key, or by its secret."""

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from common.audit.events import AuditLog
from common.audit.refusals import because
from common.errors import InvalidClient
from sso.issuer.clients import Credentials, SignedCredentials, refusing, secret_digest


class Signed(Protocol):
    """A good assertion, for all that can be known before it is used up."""

    @property
    def service(self) -> str:
        """Return whose it is."""
        ...


S = TypeVar("S", bound=Signed)


class Assertions(Protocol[S]):
    def verified(self, compact: str, client_id: str | None, now: datetime) -> S:
        """Return who signed a good assertion, which may name `client_id` alone. Raises TokenRejected."""
        ...

    async def spend(self, signed: S, now: datetime) -> None:
        """Use up an assertion. This, or the end of the unit of work, raises TokenReplayed or Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """A service that has proved who it is; `signed` is the assertion by which it did, not used up yet."""

    name: str
    signed: S | None = None


@dataclass(frozen=True, slots=True)
class ServiceAuthentication(Generic[S]):
    """Both ways. `secrets` are the digests of those that there are, by the service's name."""

    secrets: Mapping[str, bytes]
    assertions: Assertions[S]

    def of(self, credentials: Credentials | SignedCredentials, now: datetime) -> Service[S]:
        """Return the service behind the credentials. Raises InvalidClient, the same for every cause."""
        if isinstance(credentials, Credentials):
            return Service(self._by_secret(credentials))
        with refusing():
            signed = self.assertions.verified(credentials.assertion, credentials.client_id, now)
        return Service(signed.service, signed)

    @asynccontextmanager
    async def using_up(self, service: Service[S], now: datetime, audit: AuditLog) -> AsyncIterator[None]:
        """Do what is inside as one unit of work with using up the assertion, if it was one.

        Raises InvalidClient if it was used before, or Unavailable.
        """
        with refusing():
            async with audit.unit_of_work():
                yield
                if service.signed is not None:
                    await self.assertions.spend(service.signed, now)

    def _by_secret(self, credentials: Credentials) -> str:
        digest = secret_digest(credentials.secret)
        registered = self.secrets.get(credentials.client_id)
        if not hmac.compare_digest(digest, registered or bytes(len(digest))):
            cause = "unknown_client" if registered is None else "wrong_secret"
            raise because(InvalidClient(scheme=credentials.scheme, private=cause), cause)
        return credentials.client_id
