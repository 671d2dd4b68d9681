"""Our own keys for access tokens, in a process that has none of them: from the key set that identity publishes."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx2
import structlog

from common import strict_json
from common.errors import Unavailable
from keys.partners import VerificationKey
from keys.published import access_keys
from services.single_flight import SingleFlight

MAX_AGE: Final = 60.0
"""Seconds after which the set is fetched again: so long a key that was withdrawn still counts."""

COOLDOWN: Final = 5.0
"""Seconds between two looks for names that are not in the set: anyone can think of names."""

_SECONDS: Final = 0.4
_PATH: Final = "/.well-known/jwks.json"

_log = structlog.get_logger("peers")


class PublishedKeys:
    """`OwnKeys` of the verifier of access tokens. Fetched when first needed, by one caller for all."""

    def __init__(self, client: httpx2.AsyncClient, seconds: Callable[[], float] = time.monotonic) -> None:
        """Fetch with a client of the identity service; `seconds` is a clock that nobody sets."""
        self._client = client
        self._seconds = seconds
        self._keys: Mapping[str, VerificationKey] = {}
        self._asked_at: float | None = None
        self._fetch = SingleFlight(self._fetch_keys)

    async def key(self, kid: str | None) -> VerificationKey | None:
        """Return the key of this name, None if it is none of ours. Raises Unavailable while there is no set at all."""
        found = self._keys.get(kid or "")
        age = self._seconds() - self._asked_at if self._asked_at is not None else MAX_AGE
        if age < (MAX_AGE if found else COOLDOWN) and self._keys:
            return found
        try:
            await self._fetch.join()
        except Unavailable as error:
            if not self._keys:
                raise
            _log.warning("own keys not fetched", cause=error.private)  # those that we have are good
        return self._keys.get(kid or "")

    async def _fetch_keys(self) -> None:
        self._asked_at = self._seconds()
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await self._client.get(_PATH)
            self._keys = access_keys(strict_json.parse_object(answer.raise_for_status().content))
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            raise Unavailable("the identity service", private=f"no key set: {type(error).__name__}") from None
