"""One endpoint that answers a kilobyte: within all that every request of ours passes through, or bare."""

from functools import partial
from typing import Any, cast

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from benchmarks.peers.setting import setting
from common.http.app import create_app
from common.http.routing import Resource
from services.http_protocol import HttpProtocol
from services.logs import configure_logs
from services.metrics import make_metrics
from tests.support.servers.loopback import HOST
from website.errors import error_page
from website.pages import Pages

BODY = {"text": "x" * 1000}


async def answer(_request: Request) -> Response:
    """Answer."""
    return JSONResponse(BODY)


def application(*, stack: bool) -> Any:  # noqa: ANN401 - an ASGI application
    """Return the application, within the stack or not."""
    if not stack:
        return Router([Route("/readyz", answer)])
    configure_logs()
    return create_app(
        [Resource("/readyz", GET=answer)],
        hosts=frozenset({"sso.example", HOST}),
        https=True,
        error_page=partial(error_page, pages=Pages()),
        observe=make_metrics(None).observe,
        refused=lambda *_: None,
        limits=cast(Any, None),  # asked of requests with an Authorization header alone
    )


if __name__ == "__main__":
    app = application(stack=setting().fields["stack"])
    port = setting().port
    uvicorn.run(app, host=HOST, port=port, loop="uvloop", http=HttpProtocol, access_log=False, server_header=False)
