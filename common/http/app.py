"""The application as one ASGI callable: the routes, the request context round them, and how errors look."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from common.errors import NotFound, ServiceError
from common.http.address import client_address
from common.http.context import Observe, Refused, RequestContext
from common.http.frames import require_own_window
from common.http.negotiation import prefers_page
from common.http.problems import field_errors, is_of_fields, oauth_error, problem
from common.limits import Limits

_INTERNAL: Final = "/internal/"
"""What our own services ask each other is not held up by what a stranger at the same address does."""

RenderPage = Callable[[Request, ServiceError, str], Response]


def create_app(
    routes: Sequence[BaseRoute],
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

    router = by_first_segment(routes)

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        require_own_window(request)
        if "authorization" not in request.headers or scope["path"].startswith(_INTERNAL):
            await router(scope, receive, send)
            return
        async with limits.of_bearer(client_address(request)):
            await router(scope, receive, send)

    return RequestContext(limited, hosts=hosts, https=https, render=render, observe=observe, refused=refused)


def by_first_segment(routes: Sequence[BaseRoute]) -> ASGIApp:
    """Return the application that these routes are, looked through in their order.

    Only those are looked through whose first segment is the path's: Starlette tries each one's pattern in turn.
    """
    grouped: dict[str, list[BaseRoute]] = {}
    for route in routes:
        grouped.setdefault(_first_segment(getattr(route, "path", "")), []).append(route)
    if any("{" in segment for segment in grouped):
        raise ValueError("the first segment of a path is the same for all requests")
    routers = {name: Router(those, redirect_slashes=False, default=_not_found) for name, those in grouped.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await routers.get(_first_segment(scope["path"]), _not_found)(scope, receive, send)

    return app


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]


async def _not_found(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound("There is nothing at this address.")
