"""What every request passes through: request id, known host, security headers, one log line, no talkative 500.

Pure ASGI, outside the router: what goes wrong inside still gets its headers and its problem document.
"""

import re
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.errors import InternalFault, ServiceError, UnknownHost
from common.http.address import client_address
from common.http.security import SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY
from common.request_id import REQUEST_ID

_REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_TLS_HEADERS = [(b"strict-transport-security", STRICT_TRANSPORT_SECURITY.encode())]
_OURS_ALONE = {b"x-request-id", b"strict-transport-security"}
"""As they are on the wire, made once."""

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
        exchange = _Exchange(send, request_id(Request(scope)), self.https)
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
        _log.info(
            "request",
            method=method,
            route=route,
            status=exchange.status,
            milliseconds=round(seconds * 1000, 1),
            request_id=exchange.request_id,
        )

    async def _serve(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        try:
            if host_of(Request(scope)) not in self.hosts:
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

    def __init__(self, send: Send, request_id: str, https: bool) -> None:  # noqa: FBT001 - private, two callers
        self._send = send
        self._https = https
        self.request_id = request_id
        self.status = 0
        self.started = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = [(name, value) for name, value in message.get("headers", ()) if name not in _OURS_ALONE]
            names = {name for name, _ in given}
            message["headers"] = [
                *given,
                *((name, value) for name, value in _SECURITY_HEADERS if name not in names),
                (b"x-request-id", self.request_id.encode("ascii")),
                *(_TLS_HEADERS if self._https else ()),
            ]
        await self._send(message)


def request_id(request: Request) -> str:
    """Return the caller's request id if it is a UUID or 32 hexadecimal digits, else a new one."""
    given = request.headers.getlist("x-request-id")
    return given[0] if len(given) == 1 and _REQUEST_ID.fullmatch(given[0]) else str(uuid.uuid4())


def host_of(request: Request) -> str:
    """Return the host that was asked, lower case, without port; empty if it is absent or given twice."""
    given = request.headers.getlist("host")
    return re.sub(r":[0-9]*$", "", given[0]).strip("[]").lower() if len(given) == 1 else ""


def _refusal(error: Exception, request_id: str) -> ServiceError:
    if isinstance(error, ServiceError):
        if error.private:
            _log.info("refused", code=error.code, cause=error.private, request_id=request_id)
        return error
    # Where it happened and no message: a foreign message can hold what the caller sent.
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unhandled", error=type(error).__name__, frames=frames[-8:], request_id=request_id)
    return InternalFault("The fault is on our side, and it has been logged under this request id.")
