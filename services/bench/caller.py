"""Calling an application in this process as a web server calls it, without the web server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import ASGIApp, Message

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls an application that answers to `host`."""

    app: ASGIApp
    host: str

    async def post(self, path: str, body: Mapping[str, Any], **headers: str) -> dict[str, Any]:
        """Return the members of the answer to a JSON body. Raises RuntimeError for any status but a 2xx."""
        status, answer = await self.ask("POST", path, json.dumps(body).encode(), **headers)
        if status // 100 != 2:  # noqa: PLR2004 - the class of success (RFC 9110 15.3)
            raise RuntimeError(f"{path}: {status} {answer[:300]!r}")
        members: dict[str, Any] = json.loads(answer)
        return members

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Return status and body of an answer. A header's name is written with underscores."""
        given = {"host": self.host, "accept": _JSON, "content-type": _JSON, "content-length": str(len(body))}
        named = given | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 1),
            "server": (self.host, 80),
        }
        answered: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            answered.append(message)

        await self.app(scope, receive, send)
        return int(answered[0]["status"]), b"".join(message.get("body", b"") for message in answered[1:])
