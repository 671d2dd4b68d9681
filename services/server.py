"""Serving a composition in this process: a port that is ours or a clear sentence, and uvicorn without surprises."""

import errno
import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from common.errors import SettingsError
from common.settings import Settings
from services.http_protocol import HttpProtocol

_BACKLOG: Final = 2048
GRACE_SECONDS: Final = 5
"""How long requests under way have to end when we are stopped."""

Compose = Callable[[Settings, Path | None], AbstractAsyncContextManager[ASGIApp]]
"""Opens an application. The path is where the workers of one service keep their figures; None for a single process."""


@dataclass(frozen=True, slots=True)
class Composition:
    """What is served. Each process opens it for itself, so `compose` and its arguments can be sent to another one."""

    compose: Compose
    settings: Settings

    def open(self, metrics: Path | None = None) -> AbstractAsyncContextManager[ASGIApp]:
        """Give the application. Raises SettingsError if a setting, a schema or a key is not the right one."""
        return self.compose(self.settings, metrics)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound, so that nothing else is started in vain. Raises SettingsError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # before anyone else can: with SO_REUSEADDR two sockets can bind, but not listen
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"Port {port} is in use: stop what listens there, or choose another with PORT={port + 1} "
                f"(sso serve: --port {port + 1})."
            ) from None
        raise SettingsError(f"Cannot listen on {host} port {port}: {error.strerror}.") from None
    return listener


class _Server(uvicorn.Server):
    """Uvicorn raises a signal that it caught once more when it is done; that would kill us before we have stopped."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            gc.collect()
            gc.freeze()  # what is there now stays: to look for garbage in it again and again is what makes pauses
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


async def serve(
    composition: Composition, listener: socket.socket, ready: Callable[[], None], metrics: Path | None = None
) -> None:
    """Serve until SIGINT or SIGTERM, then return; `ready` is called when we do. Raises SettingsError.

    The addresses in the setting `issuer.proxies` are those whose X-Forwarded-For is believed; nobody's if it is empty.
    """
    proxies = composition.settings.issuer.proxies
    async with composition.open(metrics) as app:
        configuration = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # paths can hold a BSN; our own line per request has the route's template
            http=HttpProtocol,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            server_header=False,
            ws="none",
            lifespan="off",  # the composition is opened and closed by us
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        await _Server(configuration, ready).serve(sockets=[listener])
