"""The internal token with which a service of ours asks another."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign

from common.clock import Clock
from common.errors import Unavailable
from keys.service_keys import ServiceKey
from schemas.profiles import INTERNAL
from services.own_services import TOKEN_PATH
from services.single_flight import SingleFlight
from sso.issuer.issue import TokenIssuer

KEPT: Final = 600.0
"""Seconds that a token is used before a new one is fetched; it is good for 900 (contract, section 2)."""

_GOOD: Final = 870.0
"""Seconds that it is used for want of a new one: not to its very end, a clock may differ."""

_NEW: Final = 5.0
"""Seconds in which a token is not replaced because it was refused: another one would be too."""

_PAUSE: Final = 1.0
"""Seconds between two attempts to fetch a new one while the old one is good."""

_SECONDS: Final = 0.5
"""For fetching one: less than a call has in all."""

_ASSERTED: Final = 60
"""Seconds that an assertion is good."""

_WRONG: Final = "invalid_client"
_CURE: Final = "is what identity has of {} the other half of its key, or the same secret, and do the clocks agree?"

_log = structlog.get_logger("peers")


class InternalToken(Protocol):
    async def get(self) -> str:
        """Return a token that is good now. Raises Unavailable."""
        ...

    def refused(self, token: str) -> None:
        """Take note that a token was refused."""
        ...


class FetchedToken:
    """Fetched from the token endpoint with the service's key or secret, and kept; many at once fetch one."""

    def __init__(self, client: AsyncOAuth2Client, endpoint: str, seconds: Callable[[], float] = time.monotonic) -> None:
        """Fetch from `endpoint`; `seconds` is a clock that nobody sets."""
        self._client = client
        self._endpoint = endpoint
        self._seconds = seconds
        self._token = ""
        self._fetched_at = 0.0
        self._not_before = 0.0
        self._fetch = SingleFlight(self._fetch_token)

    async def get(self) -> str:
        """See `InternalToken`. Where no new token is to be had, the old one is used for as long as it is good."""
        age = self._seconds() - self._fetched_at
        good = bool(self._token) and age < _GOOD
        if good and (age < KEPT or self._seconds() < self._not_before):
            return self._token
        try:
            return await self._fetch.join()
        except Unavailable:
            self._not_before = self._seconds() + _PAUSE
            if good:
                return self._token
            raise

    def refused(self, token: str) -> None:
        """See `InternalToken`."""
        if token == self._token and self._seconds() - self._fetched_at >= _NEW:
            self._token = ""

    async def _fetch_token(self) -> str:
        asked_at = self._seconds()
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await self._client.fetch_token(self._endpoint, grant_type="client_credentials")
            token = _printable(answer["access_token"])
        except Exception as error:  # the library hands on whatever an answer makes of it
            cause = str(error.error) if isinstance(error, OAuthError) else type(error).__name__
            cure = _CURE.format(self._client.client_id) if cause == _WRONG else None
            _log.warning("no internal token", cause=cause, cure=cure)
            raise Unavailable("the identity service", private=f"no internal token: {cause}") from None
        self._token, self._fetched_at = token, asked_at
        return token


class IssuedToken:
    """Made on the spot, by the service that makes them for all."""

    def __init__(self, issuer: TokenIssuer, name: str, clock: Clock) -> None:
        self._issuer = issuer
        self._claims = {"sub": name, "client_id": name}
        self._clock = clock

    async def get(self) -> str:
        """See `InternalToken`."""
        return self._issuer.issue(INTERNAL, self._claims, self._clock()).token

    def refused(self, token: str) -> None:
        """See `InternalToken`; the next one is another anyway."""


def _printable(token: object) -> str:
    """Return a token that can stand in a header. Raises ValueError."""
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise ValueError("no token")
    return token


class _Assertion(PrivateKeyJWT):  # type: ignore[misc]  # Authlib has no types
    """Says who we are by a key (RFC 7523 2.2), with a new assertion each time, good for a minute.

    The library's own is good for an hour, and asks under the address at which identity is, which is no name of it.
    """

    def __init__(self, audience: str, key: ServiceKey, clock: Clock) -> None:
        super().__init__(audience)
        self._key = key
        self._clock = clock

    def sign(self, auth: Any, token_endpoint: str) -> str:  # noqa: ANN401 - the library's own
        signed: str = private_key_jwt_sign(
            self._key.key,
            client_id=auth.client_id,
            token_endpoint=token_endpoint,
            alg="Ed25519" if self._key.alg == "EdDSA" else self._key.alg,  # the name since RFC 9864
            header={"kid": self._key.kid},
            issued_at=int(self._clock().timestamp()),
            expires_in=_ASSERTED,
        )
        return signed


def token_client(
    name: str,
    credential: str | ServiceKey,
    issuer: str,
    clock: Clock,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncOAuth2Client:
    """Return the OAuth client of the service `name`, which asks for the host of our public URL; the caller closes it.

    The credential is its private key, or its secret. `transport` is how its requests get there, the network if None.
    """
    method: Any = "client_secret_basic"
    if isinstance(credential, ServiceKey):
        method = _Assertion(f"{issuer}{TOKEN_PATH}", credential, clock)
    return AsyncOAuth2Client(
        client_id=name,
        client_secret=credential if isinstance(credential, str) else None,
        token_endpoint_auth_method=method,
        timeout=_SECONDS,
        headers={"Host": urlsplit(issuer).netloc},
        transport=transport,
        trust_env=False,
    )
