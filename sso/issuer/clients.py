"""How a company proves at the token endpoint who it is: what it sends, and whether that is right.

By its secret (RFC 6749 2.3.1), or by an assertion that it signed with a key of its own (RFC 7523 2.2).
"""

import base64
import hmac
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes
from uuid import UUID

from common.audit.events import AuditLog
from common.audit.refusals import because, cause_of
from common.errors import InvalidClient, InvalidInput, TokenRejected
from schemas.identifiers import CompanyId

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_SECRETS: Final = 2
"""Secrets of one company that count at a time: the one that goes, and the one that comes."""

_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class LiveSecret:
    """A secret that counts now: the digest of it, and when it was used last, as far as that is known."""

    secret_id: UUID
    digest: bytes
    last_used_at: datetime | None = None


_NOBODYS: Final = (LiveSecret(UUID(int=0), bytes(32)),) * MAX_SECRETS
"""What a secret is compared with where there is none; no secret has this digest."""


@dataclass(frozen=True, slots=True)
class Client:
    """A company that has proved who it is."""

    company_id: CompanyId
    company_name: str
    jti: str | None = None
    """Of the assertion by which it did so: good, and not used up yet."""
    secret: LiveSecret | None = None
    """By which it did so."""


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A company that may have tokens, with its secrets that count now."""

    client: Client
    secrets: Sequence[LiveSecret]


class Clients(Protocol):
    async def client(self, company_id: CompanyId) -> RegisteredClient | None:
        """Return the company if it exists and is active."""
        ...

    def is_due(self, secret: LiveSecret, now: datetime) -> bool:
        """Return whether `used` would write now: it does not for each use."""
        ...

    async def used(self, secret: LiveSecret, now: datetime) -> None:
        """Take note that a company got in with a secret, in the transaction that is open: roughly, and if it goes."""
        ...


class Signed(Protocol):
    """A good assertion, for all that can be known before it is used up."""

    @property
    def company_id(self) -> CompanyId:
        """Return whose it is."""
        ...

    @property
    def company_name(self) -> str:
        """Return what that company is called."""
        ...

    @property
    def jti(self) -> str:
        """Return the name under which it can be used once."""
        ...


class Assertions(Protocol):
    async def verified(self, compact: str, client_id: str | None, now: datetime) -> Signed:
        """Return who signed a good assertion, which may name `client_id` alone. Raises TokenRejected or Unavailable."""
        ...

    async def spend(self, company_id: CompanyId, jti: str, now: datetime) -> None:
        """Use up an assertion. This, or the end of the unit of work, raises TokenReplayed or Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class SignedCredentials:
    """A client assertion, not verified, and whom else the request names."""

    assertion: str = field(repr=False)
    client_id: str | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller claims to be, and the secret that should prove it; `scheme` is what to challenge with."""

    client_id: str
    secret: str = field(repr=False)
    scheme: str


def make_secret() -> str:
    """Return a new secret of 256 bits. It is shown once; `secret_digest` of it is what we keep."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def secret_digest(secret: str) -> bytes:
    """Return what is kept of a secret. It has 256 random bits, so a plain SHA-256 gives nothing to guess."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def from_form(authorization: tuple[str, str], form: Mapping[str, str]) -> Credentials | SignedCredentials:
    """Return the credentials of a token request: from Basic, or else from the form.

    Raises InvalidInput if there are two (RFC 6749 2.3), InvalidClient if there are none.
    """
    scheme, encoded = authorization
    if "client_assertion" in form or "client_assertion_type" in form:
        if scheme or "client_secret" in form:
            raise InvalidInput("Authenticate in one way: with a secret or with an assertion.")
        return _signed(form)
    if scheme == "basic":
        if "client_secret" in form:
            raise InvalidInput("Authenticate in one way: in the Authorization header or in the form.")
        basic = _from_basic(encoded)
        if form.get("client_id", basic.client_id) != basic.client_id:
            raise InvalidInput("The client_id is not the one of the Authorization header.")
        return basic
    if scheme or "client_secret" not in form or "client_id" not in form:
        raise because(InvalidClient(private="no client credentials"), "no_credentials")
    return Credentials(form["client_id"], form["client_secret"], "Bearer")


def _signed(form: Mapping[str, str]) -> SignedCredentials:
    if "client_assertion" not in form or "client_assertion_type" not in form:
        raise InvalidInput("A client_assertion and its client_assertion_type come together.")
    if form["client_assertion_type"] != JWT_BEARER:
        raise because(InvalidClient(private="another type of assertion"), "unreadable_credentials")
    return SignedCredentials(form["client_assertion"], form.get("client_id"))


def _from_basic(encoded: str) -> Credentials:
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).partition(b":")
        if not colon:
            raise ValueError
        # RFC 6749 2.3.1: both parts are form-encoded before they are joined.
        decoded = [unquote_to_bytes(part.replace(b"+", b" ")).decode() for part in (client_id, secret)]
    except ValueError:
        refusal = InvalidClient(scheme="Basic", private="unreadable Basic credentials")
        raise because(refusal, "unreadable_credentials") from None
    return Credentials(decoded[0], decoded[1], "Basic")


async def authenticate(clients: Clients, credentials: Credentials) -> Client:
    """Return the company behind the credentials. Raises InvalidClient, the same for every cause.

    An unknown company costs the same comparisons as a wrong secret, and so does a company with one secret.
    """
    registered = await _find(clients, credentials.client_id)
    digest = secret_digest(credentials.secret)
    known = [*(registered.secrets if registered else ()), *_NOBODYS][:MAX_SECRETS]
    matching = [secret for secret in known if hmac.compare_digest(digest, secret.digest)]
    if registered is None or not matching:
        cause = "unknown_client" if registered is None else "wrong_secret"
        raise because(InvalidClient(scheme=credentials.scheme, private=cause), cause)
    return replace(registered.client, secret=matching[0])


@dataclass(frozen=True, slots=True)
class ClientAuthentication:
    """Both ways."""

    clients: Clients
    assertions: Assertions

    async def of(self, credentials: Credentials | SignedCredentials, now: datetime) -> Client:
        """Return the company behind the credentials. Raises InvalidClient, the same for every cause, or Unavailable."""
        if isinstance(credentials, Credentials):
            return await authenticate(self.clients, credentials)
        with refusing():
            signed = await self.assertions.verified(credentials.assertion, credentials.client_id, now)
        return Client(signed.company_id, signed.company_name, signed.jti)

    def leaves_a_trace(self, client: Client, now: datetime) -> bool:
        """Return whether `using_up` has anything to write: without it there is no need of a unit of work."""
        return client.jti is not None or (client.secret is not None and self.clients.is_due(client.secret, now))

    @asynccontextmanager
    async def using_up(self, client: Client, now: datetime, audit: AuditLog) -> AsyncIterator[None]:
        """Do what is inside as one unit of work with using up the assertion, if it was one.

        That comes last of all, when nothing else can refuse the request any more. Of a secret, that it was used is
        noted, which refuses nobody. Raises InvalidClient if the assertion was used before, or Unavailable.
        """
        with refusing():
            async with audit.unit_of_work():
                yield
                if client.secret is not None:
                    await self.clients.used(client.secret, now)
                if client.jti is not None:
                    await self.assertions.spend(client.company_id, client.jti, now)


@contextmanager
def refusing() -> Iterator[None]:
    """Make one answer of every cause for which an assertion is refused inside; the audit and the log keep the cause.

    Raises InvalidClient.
    """
    try:
        yield
    except TokenRejected as error:
        raise because(InvalidClient(private=error.private or error.detail), cause_of(error)) from None


async def _find(clients: Clients, client_id: str) -> RegisteredClient | None:
    try:
        company_id = CompanyId(UUID(client_id))
    except ValueError:
        return None
    return await clients.client(company_id) if str(company_id) == client_id else None
