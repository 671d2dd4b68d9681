"""The internal token with which a service of ours asks another."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from common.clock import Clock
from common.errors import Unavailable
from common.key_files import read_secret
from schemas.profiles import INTERNAL
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

_WRONG: Final = "invalid_client"

_log = structlog.get_logger("peers")


class InternalToken(Protocol):
    async def get(self) -> str:
        """Return a token that is good now. Raises Unavailable."""
        ...

    def refused(self, token: str) -> None:
        """Take note that a token was refused."""
        ...


class FetchedToken:
    """Fetched from the token endpoint with the service's secret, and kept; many at once fetch one."""

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
            cure = f"is the secret of {self._client.client_id} the same here and there?" if cause == _WRONG else None
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


def token_client(name: str, secret_file: Path, issuer: str) -> AsyncOAuth2Client:
    """Return the OAuth client of the service `name`, which asks for the host of our public URL; the caller closes it.

    Raises SettingsError.
    """
    return AsyncOAuth2Client(
        client_id=name,
        client_secret=read_secret(secret_file),
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
        timeout=_SECONDS,
        headers={"Host": urlsplit(issuer).netloc},
        trust_env=False,
    )
