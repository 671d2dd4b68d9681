"""The application as one ASGI callable: the routes, the request context round them, and how errors look."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from common.errors import ServiceError
from common.http.address import client_address
from common.http.context import Observe, Refused, RequestContext
from common.http.frames import require_own_window
from common.http.negotiation import prefers_page
from common.http.problems import field_errors, is_of_fields, oauth_error, problem
from common.http.router import by_path
from common.http.routing import Resource
from common.limits import Limits

_INTERNAL: Final = "/internal/"
"""What our own services ask each other is not held up by what a stranger at the same address does."""

RenderPage = Callable[[Request, ServiceError, str], Response]


def create_app(
    routes: Sequence[Resource],
    *,
    hosts: frozenset[str],
    https: bool,
    error_page: RenderPage,
    observe: Observe,
    refused: Refused,
    limits: Limits,
) -> RequestContext:
    """Return the application. `error_page` makes the page for an error; `https` is about the public URL.

    `observe` is told of each request that was answered, `refused` of each refusal, `limits` of bearer tokens that were
    refused.
    """

    def render(request: Request, error: ServiceError, request_id: str) -> Response:
        wire = request.scope.get("wire", "negotiated")
        if wire == "oauth":
            return oauth_error(error, request_id)
        if wire == "page" or prefers_page(request.headers.get("accept", "")):
            return error_page(request, error, request_id)
        if wire == "fields" and is_of_fields(error):
            return field_errors(error)
        return problem(error, request_id)

    router = by_path(routes)

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope["headers"]}
        if b"sec-fetch-dest" in names:
            require_own_window(Request(scope))
        if b"authorization" not in names or scope["path"].startswith(_INTERNAL):
            await router(scope, receive, send)
            return
        async with limits.of_bearer(client_address(Request(scope))):
            await router(scope, receive, send)

    return RequestContext(limited, hosts=hosts, https=https, render=render, observe=observe, refused=refused)
