"""Serving an application: a port that is ours or a clear sentence, and uvicorn without surprises."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from common.errors import SettingsError

_BACKLOG: Final = 2048
_GRACE_SECONDS: Final = 5


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

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()


async def serve(app: ASGIApp, listener: socket.socket, proxies: str) -> None:
    """Serve until SIGINT or SIGTERM, then return; requests under way have a few seconds to end.

    `proxies` are the addresses whose X-Forwarded-For is believed, with commas between them; nobody's if empty.
    """
    configuration = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # paths can hold a BSN; our own line per request has the route's template
        http="h11",  # it bounds the request head (64 KiB); httptools takes headers without end
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    await _Server(configuration).serve(sockets=[listener])
