"""What every request passes through: request id, known host, security headers, one log line, no talkative 500.

Pure ASGI, outside the router: what goes wrong inside still gets its headers and its problem document.
"""

import os
import re
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.errors import InternalFault, ServiceError, UnknownHost
from common.http.address import client_address
from common.http.request_log import request_answered
from common.http.security import SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY
from common.request_id import REQUEST_ID

_REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Headers = Sequence[tuple[bytes, bytes]]
"""As they are on the wire, names in lower case."""

_SECURITY_HEADERS = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())
_TLS_HEADERS = (*_SECURITY_HEADERS, (b"strict-transport-security", STRICT_TRANSPORT_SECURITY.encode()))
_OURS_ALONE = {b"x-request-id", b"strict-transport-security"}
_OURS = {name for name, _ in _TLS_HEADERS} | _OURS_ALONE

_log = structlog.get_logger("http")

Render = Callable[[Request, ServiceError, str], Response]
"""The response for an error; the text is the request id."""

Observe = Callable[[str, str, int, float], None]
"""Told of each request: method, route template, status, seconds."""

Refused = Callable[[ServiceError, str], None]
"""Told of each refusal, and of the address that it is answered to, which can be any text."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Wraps an ASGI application. `hosts` are the names it answers to, lower case, without port."""

    app: ASGIApp
    hosts: frozenset[str]
    https: bool
    render: Render
    observe: Observe
    refused: Refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP is passed on as it is."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(send, request_id(scope["headers"]), _TLS_HEADERS if self.https else _SECURITY_HEADERS)
        scope["request_id"] = exchange.request_id
        ambient = REQUEST_ID.set(exchange.request_id)
        try:
            await self._serve(scope, receive, exchange)
        finally:
            REQUEST_ID.reset(ambient)
            self._finished(scope, exchange)

    def _finished(self, scope: Scope, exchange: "_Exchange") -> None:
        route = scope.get("route_template", "-")  # the template: a path can hold a BSN
        seconds = time.perf_counter() - exchange.started
        method = scope["method"] if scope["method"] in METHODS else "other"  # any word can come as a method
        self.observe(method, route, exchange.status, seconds)
        request_answered(method, route, exchange.status, seconds, exchange.request_id)

    async def _serve(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        try:
            if host_of(only(scope["headers"], b"host")) not in self.hosts:
                raise UnknownHost("This service does not answer to that host name.")
            await self.app(scope, receive, exchange.send)
        except Exception as error:
            if exchange.status:
                raise  # half an answer is out: only the closed connection can still say that it is incomplete
            refusal = _refusal(error, exchange.request_id)
            self.refused(refusal, client_address(Request(scope)))
            response = self.render(Request(scope), refusal, exchange.request_id)
            await response(scope, receive, exchange.send)


class _Exchange:
    """One response on its way out: knows its status, and completes its headers."""

    __slots__ = ("_ours", "_send", "request_id", "started", "status")

    def __init__(self, send: Send, request_id: str, ours: tuple[tuple[bytes, bytes], ...]) -> None:
        self._send = send
        self._ours = ours
        self.request_id = request_id
        self.status = 0
        self.started = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._completed(message.get("headers", ()))
        await self._send(message)

    def _completed(self, given: Headers) -> list[tuple[bytes, bytes]]:
        names = {name for name, _ in given}
        ours: Headers = self._ours
        if not names.isdisjoint(_OURS):  # few responses say one of these themselves
            given = [header for header in given if header[0] not in _OURS_ALONE]
            ours = [header for header in ours if header[0] not in names - _OURS_ALONE]
        return [*given, *ours, (b"x-request-id", self.request_id.encode("ascii"))]


def only(headers: Headers, name: bytes) -> str:
    """Return the value of a header; empty if it is absent or given twice."""
    given = [value for known, value in headers if known == name]
    return given[0].decode("latin-1") if len(given) == 1 else ""


def request_id(headers: Headers) -> str:
    """Return the caller's request id if it is a UUID or 32 hexadecimal digits, else a new one."""
    given = only(headers, b"x-request-id")
    return given if _REQUEST_ID.fullmatch(given) else _new_request_id()


def _new_request_id() -> str:
    """Return a UUID of version 4 (RFC 9562 5.4), as text."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


@lru_cache(maxsize=16)  # a service has few names, and each request comes to one
def host_of(header: str) -> str:
    """Return the host of a `Host` header, lower case, without port."""
    return re.sub(r":[0-9]*$", "", header).strip("[]").lower()


def _refusal(error: Exception, request_id: str) -> ServiceError:
    if isinstance(error, ServiceError):
        if error.private:
            _log.info("refused", code=error.code, cause=error.private, request_id=request_id)
        return error
    # Where it happened and no message: a foreign message can hold what the caller sent.
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unhandled", error=type(error).__name__, frames=frames[-8:], request_id=request_id)
    return InternalFault("The fault is on our side, and it has been logged under this request id.")
