"""Our own keys for access tokens, in a process that has none of them: from the key set that identity publishes."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import httpx2
import structlog

from common import strict_json
from common.errors import Unavailable
from keys.partners import VerificationKey
from keys.published import access_keys
from services.peers.client import bounded
from services.single_flight import SingleFlight

FRESH: Final = 1.0
"""Seconds that a set is used without looking: so long a key that was withdrawn still counts."""

GOOD: Final = 5.0
"""Seconds that it is used where no newer one is to be had (contract, section 2, "Bearer tokens")."""

_SECONDS: Final = 0.8
_PATIENCE: Final = 0.1
"""Seconds that those wait who have keys that are good: there is more to be asked within their second."""

_PATH: Final = "/.well-known/jwks.json"

_log = structlog.get_logger("peers")


class PublishedKeys:
    """`OwnKeys` of the verifier of access tokens. Fetched when needed, by one caller for all, once a second at most."""

    def __init__(self, client: httpx2.AsyncClient, seconds: Callable[[], float] = time.monotonic) -> None:
        """Fetch with a client of the identity service; `seconds` is a clock that nobody sets."""
        self._client = client
        self._seconds = seconds
        self._keys: Mapping[str, VerificationKey] = {}
        self._as_of = -GOOD
        self._fetch = SingleFlight(self._fetch_keys)

    async def key(self, kid: str | None, _now: datetime) -> VerificationKey | None:
        """Return the key of this name, None if it is none of ours. Raises Unavailable without a set that is good."""
        if self._age() >= FRESH:
            good = self._age() < GOOD
            try:
                async with asyncio.timeout(_PATIENCE if good else _SECONDS):
                    await self._fetch.join()
            except (Unavailable, TimeoutError):
                if not good:
                    raise Unavailable("the identity service", private="identity: no key set") from None
        return self._keys.get(kid or "")

    def _age(self) -> float:
        return self._seconds() - self._as_of

    async def _fetch_keys(self) -> None:
        asked_at = self._seconds()
        try:
            async with asyncio.timeout(_SECONDS), self._client.stream("GET", _PATH) as answer:
                content = await bounded(answer.raise_for_status())
            self._keys = access_keys(strict_json.parse_object(content))
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            status = f" {error.response.status_code}" if isinstance(error, httpx2.HTTPStatusError) else ""
            _log.warning("no answer", service="identity", path=_PATH, cause=f"{type(error).__name__}{status}")
            raise Unavailable("the identity service", private="identity: no key set") from None
        self._as_of = asked_at
