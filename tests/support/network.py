"""A network between two parts that can be cut, and that counts what goes through it."""

from collections import Counter
from dataclasses import dataclass, field

import httpx2
from starlette.types import ASGIApp


@dataclass
class Network(httpx2.AsyncBaseTransport):
    """Leads to an application in this process, as long as it is not `cut`; `asked` counts the requests by path."""

    app: ASGIApp
    cut: bool = False
    asked: Counter[str] = field(default_factory=Counter)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.cut:
            raise httpx2.ConnectError("cut")
        self.asked[request.url.path] += 1
        return await httpx2.ASGITransport(self.app).handle_async_request(request)
