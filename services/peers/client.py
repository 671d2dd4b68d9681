"""Asking another service of ours: in time, with a token, and no answer is said to be no answer."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import structlog

from common import strict_json
from common.errors import Unavailable
from common.request_id import REQUEST_ID
from services.peers.token import InternalToken

SILENCE: Final = 0.8
"""Seconds without a word from a service after which it is taken to be gone."""

MOST: Final = 5.0
"""Seconds that a question may take at a service that is busy."""

_CONNECTIONS: Final = 32
_ANSWERED: Final = 200
_DONE: Final = 204
_UNAUTHORISED: Final = 401
_RETRIED: Final = 503
MAX_ANSWER: Final = 1024 * 1024
"""Octets: the dossiers of a patient whom four thousand companies know."""

_log = structlog.get_logger("peers")


def open_client(address: str, issuer: str) -> httpx2.AsyncClient:
    """Return a client of the service at an address; the caller closes it. Whoever asks limits the time.

    It asks for the host of the issuer, our public URL: all our services answer to that name.
    """
    limits = httpx2.Limits(
        max_connections=_CONNECTIONS,
        max_keepalive_connections=_CONNECTIONS,
        keepalive_expiry=3.0,  # seconds: before the other end closes what is idle
    )
    headers = {"Host": urlsplit(issuer).netloc, "Accept-Encoding": "identity"}  # the size of an answer is its own
    return httpx2.AsyncClient(base_url=address, timeout=None, limits=limits, headers=headers, trust_env=False)


async def bounded(answer: httpx2.Response) -> bytes:
    """Return the body of a streamed answer. Raises ValueError for one without end, or packed."""
    if "content-encoding" in answer.headers:
        raise ValueError("a packed answer")
    content = bytearray()
    async for part in answer.aiter_raw():
        content += part
        if len(content) > MAX_ANSWER:
            raise ValueError("an answer without end")
    return bytes(content)


class Peer:
    """One of our services. `name` is what an error calls it; `client` knows its address.

    It is given up when it has said nothing to anybody here for `SILENCE`: whoever asked us then has an answer within a
    second. As long as it answers others it is busy, and worth waiting for.
    """

    def __init__(self, name: str, client: httpx2.AsyncClient, token: InternalToken) -> None:
        self._name = name
        self._client = client
        self._token = token
        self._heard_at = 0.0

    async def ask(self, path: str, body: Mapping[str, object], *, safe: bool) -> dict[str, Any]:
        """Return the members of the answer to a POST.

        A `safe` call, one that may happen twice, gets a second attempt where the first found nobody there. Raises
        Unavailable for everything that is no answer; what an answer denies is in its members.
        """
        asking = asyncio.create_task(self._ask(path, body, safe=safe))
        try:
            return await self._unless_silent(asking)
        except _NoAnswer as error:
            cause = str(error)
        finally:
            asking.cancel()
        _log.warning("no answer", service=self._name, path=path, cause=cause, request_id=REQUEST_ID.get())
        raise Unavailable(f"the {self._name} service", private=f"{self._name}: {cause}")

    async def _unless_silent(self, asking: "asyncio.Task[dict[str, Any]]") -> dict[str, Any]:
        began = now = time.monotonic()
        while True:
            patience = min(max(began, self._heard_at) + SILENCE, began + MOST) - now
            if patience <= 0:
                raise _NoAnswer("silent" if now < began + MOST else "too slow")  # and not again: it has enough to do
            done, _ = await asyncio.wait({asking}, timeout=patience)
            if done:
                return asking.result()
            now = time.monotonic()

    async def _ask(self, path: str, body: Mapping[str, object], *, safe: bool) -> dict[str, Any]:
        try:
            return await self._attempt(path, body)
        except _TokenRefused:
            pass  # nothing was done, and the next token is a new one
        except _Nobody:
            if not safe:
                raise
            await asyncio.sleep(0.02 + secrets.randbelow(60) / 1000)  # not all of us at the same moment
        return await self._attempt(path, body)

    async def _attempt(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        try:
            token = await self._token.get()
        except Unavailable as error:
            raise _NoAnswer(error.private) from None
        headers = {"Authorization": f"Bearer {token}", "X-Request-Id": REQUEST_ID.get() or ""}
        try:
            async with self._client.stream("POST", path, json=body, headers=headers) as answer:
                self._heard_at = time.monotonic()
                content = await bounded(answer)
        except httpx2.TransportError as error:
            raise _Nobody(type(error).__name__) from None
        except (httpx2.HTTPError, ValueError) as error:
            raise _NoAnswer(type(error).__name__) from None
        if answer.status_code == _UNAUTHORISED:
            self._token.refused(token)
            raise _TokenRefused("status 401: it does not take our token")
        return _members(answer.status_code, content)


def _members(status: int, content: bytes) -> dict[str, Any]:
    if status == _DONE:
        return {}
    try:
        members = strict_json.parse_object(content)
    except ValueError:
        raise _NoAnswer(f"status {status}, not JSON") from None
    if status == _ANSWERED:
        return members
    raise (_Nobody if status == _RETRIED else _NoAnswer)(f"status {status}, code {members.get('code')}")


class _NoAnswer(Exception):
    """The text is the cause, for the log."""


class _Nobody(_NoAnswer):
    """Nobody was there to do anything: a second attempt may find somebody."""


class _TokenRefused(_NoAnswer):
    """With another token it may go."""
