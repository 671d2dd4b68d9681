"""An OpenID Connect provider that says whatever a test wants, and takes note of what it was asked."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.support.ehr import Ehr
from tests.support.servers.loopback import HOST

CLIENT = "sso"
SECRET = "what+the provider/gave:us=100%"

Claims = dict[str, Any]


@dataclass
class Provider:
    """Answers with the members below, which a test changes; `silent` is a provider that hangs up on everybody."""

    port: int
    key: Ehr = field(default_factory=Ehr)
    other_keys: list[Claims] = field(default_factory=list)
    published: Claims = field(default_factory=dict)
    id_token: str = ""
    userinfo: Claims = field(default_factory=dict)
    token_error: str = ""
    token_says: Claims = field(default_factory=dict)
    jwks: Claims | str | None = None
    silent: bool = False
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """Its name."""
        return f"http://{HOST}:{self.port}"

    def forget(self) -> None:
        """Be as new, with the same key and at the same place."""
        self.__dict__.update(Provider(self.port, self.key).__dict__)

    def claims(self, **changes: Any) -> Claims:
        """Return the claims of an ID token, now, with changes; None leaves a claim out."""
        now = int(time.time())
        good = {"iss": self.issuer, "sub": "a1", "aud": CLIENT, "iat": now, "exp": now + 300}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def forms(self, path: str) -> list[dict[str, str]]:
        """Return the forms that were sent to a path."""
        return [form for asked, _, form in self.asked if asked == path]

    def answer(self, path: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Claims | str]:
        """Return status and members of an answer, or its text."""
        self.asked.append((path, headers, form))
        match path:
            case "/.well-known/openid-configuration":
                places = {"authorization": "authorize", "token": "token", "userinfo": "me", "end_session": "leave"}
                return 200, {
                    "issuer": self.issuer,
                    "jwks_uri": f"{self.issuer}/keys",
                    "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
                    **{f"{name}_endpoint": f"{self.issuer}/{place}" for name, place in places.items()},
                    **self.published,
                }
            case "/keys":
                good: Claims = {"keys": [*self.other_keys, {**self.key.public_jwk(), "kid": self.key.kid}]}
                return 200, good if self.jwks is None else self.jwks
            case "/me":
                return 200, self.userinfo
            case "/token" if self.token_error:
                return 400, {"error": self.token_error}
            case "/token":
                return 200, {
                    "access_token": "opaque",
                    "token_type": "Bearer",
                    "id_token": self.id_token,
                    **self.token_says,
                }
            case _:
                return 404, {}


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: _Server = self.server  # type: ignore[assignment]  # it is only ever that
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if server.provider.silent:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, members = server.provider.answer(self.path, headers, dict(parse_qsl(form)))
        body = (members if isinstance(members, str) else json.dumps(members)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    provider: Provider


@contextmanager
def open_provider() -> Iterator[Provider]:
    """Give a running provider."""
    with _Server((HOST, 0), _Answer) as server:
        server.provider = Provider(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.provider
        finally:
            server.shutdown()
            thread.join()
