"""One resource per path: a handler per method, and the form in which it says no."""

from collections.abc import Awaitable, Callable
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from common.errors import MethodNotAllowed

Handler = Callable[[Request], Awaitable[Response]]
Wire = Literal["negotiated", "oauth", "page", "fields"]


class Resource(Route):
    """A path and its methods. Every other method is 405 with `Allow`, before anything is read."""

    def __init__(self, path: str, *, wire: Wire = "negotiated", **handlers: Handler) -> None:
        """`handlers` are by method: `GET=…`, `POST=…`; a GET answers HEAD too."""
        if "GET" in handlers:
            handlers.setdefault("HEAD", handlers["GET"])
        super().__init__(path, self.handle, name=path)
        self.path = self.path_format  # `{id:path}` is the whole rest of the path; outside it is `{id}` like any other
        self.methods = set()  # an empty set: Starlette leaves the method to us
        self.wire = wire
        self._handlers = handlers

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. Before that say which route it is: for the form of an error, and for the log.

        Starlette calls this itself; it asks its own endpoint nothing.
        """
        scope["wire"] = self.wire
        scope["route_template"] = self.path
        handler = self._handlers.get(scope["method"])
        if handler is None:
            raise MethodNotAllowed(sorted(self._handlers))
        response = await handler(Request(scope, receive, send))
        await response(scope, receive, send)
