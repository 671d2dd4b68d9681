"""The internal token with which a service of ours asks another."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import httpx2
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


_SECONDS: Final = 0.7
"""For each step of fetching one: those who wait have a little more."""


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
        self._fetch = SingleFlight(self._fetch_token)

    async def get(self) -> str:
        """See `InternalToken`. Where no new token is to be had, the old one is used for as long as it is good."""
        age = self._seconds() - self._fetched_at
        if self._token and age < KEPT:
            return self._token
        try:
            return await self._fetch.join()
        except Unavailable:
            if self._token and age < _GOOD:
                return self._token
            raise

    def refused(self, token: str) -> None:
        """See `InternalToken`."""
        if token == self._token:
            self._token = ""

    async def _fetch_token(self) -> str:
        asked_at = self._seconds()
        try:
            answer = await self._client.fetch_token(self._endpoint, grant_type="client_credentials")
        except (httpx2.HTTPError, OAuthError, ValueError) as error:
            raise Unavailable("the identity service", private=f"no internal token: {type(error).__name__}") from None
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise Unavailable("the identity service", private="no internal token in the answer")
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


def token_client(name: str, secret_file: Path) -> AsyncOAuth2Client:
    """Return the OAuth client of the service `name`; the caller closes it. Raises SettingsError."""
    return AsyncOAuth2Client(
        client_id=name,
        client_secret=read_secret(secret_file),
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
        timeout=_SECONDS,
        trust_env=False,
    )
