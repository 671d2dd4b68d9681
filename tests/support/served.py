"""An application on a port of this machine, served by this very process: for a browser."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from services.http_protocol import HttpProtocol
from services.server import bind
from tests.support.servers.loopback import HOST


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the run of the tests."""
        yield


@asynccontextmanager
async def served(app: ASGIApp, port: int) -> AsyncIterator[None]:
    """Serve an application on a port of loopback."""
    configuration = uvicorn.Config(app, log_config=None, http=HttpProtocol, ws="none", lifespan="off")
    with bind(HOST, port) as listener:
        server = _Server(configuration)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving
