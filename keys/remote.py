"""Partners' key sets over HTTPS: the one place that asks a server which a company named.

Whoever names a server can name one of ours. So a name is resolved once, each of its addresses is looked at, and the
connection goes to an address that passed, with TLS for the name: what the name resolves to a moment later is without
effect. Nothing is followed, unpacked or remembered, and no proxy that the environment names is asked. Which authorities
are trusted is OpenSSL's to say, as everywhere: SSL_CERT_FILE and SSL_CERT_DIR count.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Final

import httpx2

from common.errors import JwksUriRejected, Unavailable
from keys.key_sets.location import Location, is_public, locate

MAX_BYTES: Final = 64 * 1024
SECONDS: Final = 5.0
"""In all: resolving, connecting, and every octet of the answer. No queue of ours is in it: there is none."""

MIN_AGE: Final = 60
MAX_AGE: Final = 3600
DEFAULT_AGE: Final = 900
"""Seconds that a set is kept: what its answer says (RFC 9111 5.2.2.1) within bounds, or the default."""

_CONNECT_SECONDS: Final = 1.5
_ADDRESSES: Final = 4
_RESOLVERS: Final = 32
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_MAX_AGE: Final = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?([0-9]{1,9})', re.ASCII | re.IGNORECASE)
_NOT_KEPT: Final = re.compile(r"\bno-(?:store|cache)\b", re.IGNORECASE)

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a name and a port to the addresses there. Raises OSError if there are none, Unavailable if we cannot look."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was answered, and for how many seconds it may be kept."""

    content: bytes
    max_age: int


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches key sets; if `public`, by https, at port 443 of public addresses alone (the demo is not so strict)."""

    tls: ssl.SSLContext
    resolve: Resolve
    public: bool

    async def fetch(self, uri: str) -> Fetched:
        """Return what a URL answers, within SECONDS.

        Raises JwksUriRejected: `url`, `scheme`, `port`, `address`, `connection`, `certificate`, `timeout`, `redirect`,
        `status`, `packed` or `too_large`; or Unavailable, where it was we who could not look.
        """
        location = locate(uri, public=self.public)
        try:
            async with asyncio.timeout(SECONDS):
                addresses = await self._addresses(location)
                return await self._from_first(location, addresses)
        except TimeoutError:
            raise JwksUriRejected("timeout", f"The key set must be there within {SECONDS:.0f} seconds.") from None

    async def _addresses(self, location: Location) -> Sequence[str]:
        """One answer for a name that is unknown and for one that is not public: what ours are called is nobody's."""
        try:
            addresses = await self.resolve(location.host, location.port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses or (self.public and not all(is_public(address) for address in addresses)):
            raise JwksUriRejected("address", "The host of the URL must have public addresses, and no others.")
        return list(dict.fromkeys(addresses))[:_ADDRESSES]

    async def _from_first(self, location: Location, addresses: Sequence[str]) -> Fetched:
        timeout, tls = httpx2.Timeout(None, connect=_CONNECT_SECONDS), {"sni_hostname": location.host}
        async with httpx2.AsyncClient(verify=self.tls, trust_env=False, timeout=timeout) as client:
            for address in addresses:
                try:
                    asking = client.stream("GET", _url(location, address), headers=_headers(location), extensions=tls)
                    async with asking as answer:
                        return await _fetched(answer)
                except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                    if _is_tls(error):
                        raise JwksUriRejected(
                            "certificate", "TLS did not come about: is the certificate good?"
                        ) from None
                except (
                    httpx2.HTTPError,
                    httpx2.InvalidURL,
                    OSError,
                ):  # a bad TLS record is an OSError, and comes as it is
                    break
        raise JwksUriRejected("connection", "Nobody answered there in HTTP.")


class SystemResolver:
    """Resolves as the system does, in threads of its own; nobody waits for one.

    Where a name server does not answer, its thread is taken until the system gives up, which is some ten to thirty
    seconds and longer than we wait. So there are many threads; those who fetch what others chose share none with those
    who fetch what is due; and whoever finds none free is told so at once.
    """

    def __init__(self, threads: int = _RESOLVERS, look_up: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")
        self._free = BoundedSemaphore(threads)
        self._look_up = look_up

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """See `Resolve`."""
        if not self._free.acquire(blocking=False):
            raise Unavailable("the resolver of names", retry_after=5, private="all threads wait for name servers")
        asked = self._threads.submit(self._look_up, host, port, type=socket.SOCK_STREAM)
        asked.add_done_callback(lambda _: self._free.release())  # when its thread is free, and not when we gave up
        return [str(found[4][0]) for found in await asyncio.wrap_future(asked)]


def _url(location: Location, address: str) -> httpx2.URL:
    return httpx2.URL(scheme=location.scheme, host=address, port=location.port, raw_path=location.target.encode())


def _headers(location: Location) -> dict[str, str]:
    return {
        "Host": location.authority,
        "Accept": "application/jwk-set+json, application/json",
        "Accept-Encoding": "identity",  # so that its size is its own
        "User-Agent": "sso-in-context",
    }


async def _fetched(answer: httpx2.Response) -> Fetched:
    if answer.status_code in _REDIRECTS:
        raise JwksUriRejected("redirect", "The key set must be at the URL itself: redirects are not followed.")
    if answer.status_code != _OK:
        raise JwksUriRejected("status", "The URL must answer 200.")
    if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise JwksUriRejected("packed", "The key set must come without Content-Encoding.")
    content = bytearray()
    async for part in answer.aiter_raw():
        content += part
        if len(content) > MAX_BYTES:
            raise JwksUriRejected("too_large", f"A key set has at most {MAX_BYTES} octets.")
    return Fetched(bytes(content), _max_age(answer.headers.get("cache-control", "")))


def _max_age(directives: str) -> int:
    if _NOT_KEPT.search(directives):
        return MIN_AGE
    given = _MAX_AGE.search(directives)
    return min(max(int(given[1]), MIN_AGE), MAX_AGE) if given else DEFAULT_AGE


def _is_tls(error: BaseException) -> bool:
    """Return whether a connection was there, and no TLS on it that we trust."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
