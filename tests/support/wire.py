"""What the service's answers look like: each check of a form stands here once."""

import base64
import json
import time
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import httpx2

SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}
COOKIE = "__Host-sso-session"


def secured(answer: httpx2.Response) -> None:
    """Check the headers that every answer has (contract, section 1)."""
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert UUID(answer.headers["x-request-id"])
    assert "access-control-allow-origin" not in answer.headers


async def soon(call: Callable[[], Awaitable[httpx2.Response]], status: int, seconds: float = 3) -> httpx2.Response:
    """Return the first answer with this status; one comes in time."""
    end = time.monotonic() + seconds
    while (answer := await call()).status_code != status:
        assert time.monotonic() < end, answer.text
    return answer


def kid_of(token: str) -> str:
    """Return the name of the key in a token's header."""
    header = token.split(".", maxsplit=1)[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check that this is a complete RFC 9457 problem of that status and code; return its members."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    members: dict[str, Any] = answer.json()
    assert members["code"] == code, members
    assert members["type"] == f"/errors/{code}"
    assert members["status"] == status
    assert members["title"]
    assert members["detail"]
    assert members["requestId"] == answer.headers["x-request-id"]
    challenge = answer.headers.get("www-authenticate", "")
    assert challenge.startswith("Bearer ") if status == 401 else status == 403 or not challenge
    secured(answer)
    return members


def oauth_error(answer: httpx2.Response, status: int, error: str) -> dict[str, Any]:
    """Check that this is an RFC 6749 5.2 error; return its members."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    members: dict[str, Any] = answer.json()
    assert members["error"] == error, members
    assert members["error_description"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    secured(answer)
    return members


def same_but_for_the_request(members: dict[str, Any]) -> dict[str, Any]:
    """Return an error's members without what differs between two requests that are refused alike."""
    return {name: value for name, value in members.items() if name not in {"requestId", "request_id"}}


def session_of(answer: httpx2.Response) -> dict[str, str]:
    """Return the header with which a browser comes back after this answer gave it a session."""
    cookies = SimpleCookie(answer.headers["set-cookie"])
    return {"Cookie": f"{COOKIE}={cookies[COOKIE].value}"}
