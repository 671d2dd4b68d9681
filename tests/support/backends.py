"""Services that say what they were asked: what a gateway does with a request, seen from behind."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORT = 8080
"""Of every service behind a gateway."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say what was asked; hang up on whoever asks for that."""
        if "X-Hang-Up" in self.headers:
            self.close_connection = True
            return
        length = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        service: _Service = self.server  # type: ignore[assignment]  # it is only ever that
        seen: dict[str, Any] = {"service": service.name, "path": self.path, "length": length}
        body = json.dumps(seen | {"headers": {name.lower(): value for name, value in self.headers.items()}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name: str, address: str) -> None:
        super().__init__((address, PORT), _Answer)
        self.name = name


@contextmanager
def answering(addresses: Mapping[str, str]) -> Iterator[None]:
    """Have a service answer at each address, under its name."""
    with ExitStack() as stack:
        for name, address in addresses.items():
            server = stack.enter_context(_Service(name, address))
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield
