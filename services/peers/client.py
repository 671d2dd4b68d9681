"""Asking another service of ours: in time, with a token, and with its refusals as our own exceptions."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from common import strict_json
from common.errors import NotFound, ServiceError, Unavailable
from common.request_id import REQUEST_ID
from services.peers.token import InternalToken

SECONDS: Final = 0.8
"""For a call, a token and a second attempt included: whoever asked us has an answer within a second."""

_CONNECTIONS: Final = 32
_UNAUTHORISED: Final = 401


def open_client(address: str) -> httpx2.AsyncClient:
    """Return a client of the service at an address; the caller closes it. What limits its time is `SECONDS`."""
    limits = httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    return httpx2.AsyncClient(base_url=address, timeout=None, limits=limits, trust_env=False)


@dataclass(frozen=True, slots=True)
class Peer:
    """One of our services. `name` is what an error calls it; `client` knows its address."""

    name: str
    client: httpx2.AsyncClient
    token: InternalToken

    async def ask(self, path: str, body: Mapping[str, object], *, safe: bool) -> dict[str, Any]:
        """Return the members of the answer to a POST.

        A `safe` call, one that may happen twice, gets a second attempt where the first fails at once. Raises NotFound
        where the other service says so, and Unavailable for everything else that is no answer.
        """
        try:
            async with asyncio.timeout(SECONDS):
                return await self._ask(path, body, safe=safe)
        except TimeoutError:  # and no second attempt: whoever is slow has enough to do
            raise self._unavailable("too slow") from None

    async def _ask(self, path: str, body: Mapping[str, object], *, safe: bool) -> dict[str, Any]:
        try:
            return await self._attempt(path, body)
        except _TokenRefused:
            pass  # nothing was done, and the next token is a new one
        except Unavailable:
            if not safe:
                raise
            await asyncio.sleep(0.02 + secrets.randbelow(60) / 1000)  # not all of us at the same moment
        try:
            return await self._attempt(path, body)
        except _TokenRefused:
            raise self._unavailable("our token was refused") from None

    async def _attempt(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        token = await self.token.get()
        try:
            headers = {"Authorization": f"Bearer {token}", "X-Request-Id": REQUEST_ID.get() or ""}
            answer = await self.client.post(path, json=body, headers=headers)
        except httpx2.HTTPError as error:
            raise self._unavailable(type(error).__name__) from None
        if answer.status_code == _UNAUTHORISED:
            self.token.refused(token)
            raise _TokenRefused
        return self._read(answer)

    def _read(self, answer: httpx2.Response) -> dict[str, Any]:
        try:
            members = strict_json.parse_object(answer.content) if answer.content else {}
        except ValueError:
            raise self._unavailable(f"status {answer.status_code}, unreadable") from None
        if answer.is_success:
            return members
        raise self._refusal(answer.status_code, members.get("code"), str(members.get("detail")))

    def _refusal(self, status: int, code: object, detail: str) -> ServiceError:
        """Return the other's refusal as ours. What it refuses to us is no fault of whoever asked us."""
        return NotFound(detail) if code == NotFound.code else self._unavailable(f"status {status}, code {code}")

    def _unavailable(self, cause: str) -> Unavailable:
        return Unavailable(f"the {self.name} service", private=cause)


class _TokenRefused(Exception):
    """With another token it may go."""
