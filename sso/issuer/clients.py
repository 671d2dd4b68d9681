"""How a company proves at the token endpoint who it is (RFC 6749 2.3.1): what it sends, and whether that is right."""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes
from uuid import UUID

from common.audit.refusals import because
from common.errors import InvalidClient, InvalidInput
from schemas.identifiers import CompanyId

_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Client:
    """A company that has proved who it is."""

    company_id: CompanyId
    company_name: str


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A company that may have tokens, with the digests of its current secrets."""

    client: Client
    secret_digests: Sequence[bytes]


class Clients(Protocol):
    async def client(self, company_id: CompanyId) -> RegisteredClient | None:
        """Return the company if it exists and is active."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller claims to be, and the secret that should prove it; `scheme` is what to challenge with."""

    client_id: str
    secret: str
    scheme: str


def make_secret() -> str:
    """Return a new secret of 256 bits. It is shown once; `secret_digest` of it is what we keep."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def secret_digest(secret: str) -> bytes:
    """Return what is kept of a secret. It has 256 random bits, so a plain SHA-256 gives nothing to guess."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def from_form(authorization: tuple[str, str], form: Mapping[str, str]) -> Credentials:
    """Return the credentials of a token request: from Basic, or else from the form.

    Raises InvalidInput if there are two (RFC 6749 2.3), InvalidClient if there are none.
    """
    scheme, encoded = authorization
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

    An unknown company costs the same comparison as a wrong secret.
    """
    registered = await _find(clients, credentials.client_id)
    digest = secret_digest(credentials.secret)
    known = registered.secret_digests if registered else [bytes(len(digest))]
    matches = [hmac.compare_digest(digest, candidate) for candidate in known]
    if registered is None or not any(matches):
        cause = "unknown_client" if registered is None else "wrong_secret"
        raise because(InvalidClient(scheme=credentials.scheme, private=cause), cause)
    return registered.client


async def _find(clients: Clients, client_id: str) -> RegisteredClient | None:
    try:
        company_id = CompanyId(UUID(client_id))
    except ValueError:
        return None
    return await clients.client(company_id) if str(company_id) == client_id else None
