"""The service as its server calls it (ASGI), without a client that would mend or refuse a request first."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from tests.support.world import ISSUER

HOST = ISSUER.removeprefix("http://").encode()
Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Request:
    """A request on the wire; `chunks` are its body."""

    method: str
    target: bytes
    query: bytes = b""
    headers: Sequence[Header] = ()
    chunks: Sequence[bytes] = ()

    def scope(self) -> Scope:
        """Return it as the server hands it on: the path decoded, the names of the headers in lower case."""
        headers = [(name.lower(), value) for name, value in self.headers]
        if not any(name == b"host" for name, _ in headers):
            headers.insert(0, (b"host", HOST))
        path, _, query = _printable(self.target + b"?" + self.query).partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8080),
        }


def _printable(target: bytes) -> bytes:
    """Return the target with other octets escaped: our server lets no others in."""
    return b"".join(bytes([octet]) if 0x21 <= octet <= 0x7E else b"%%%02X" % octet for octet in target)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


async def ask(app: ASGIApp, request: Request) -> Answer:
    """Return the answer. Raises what the application lets out, which is a fault of it."""
    coming: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in request.chunks]
    coming.append({"type": "http.request", "body": b"", "more_body": False})
    coming.append({"type": "http.disconnect"})
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Message) -> None:
        sent.append(message)

    await app(request.scope(), receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), body)
