"""What server-side sessions have in common: a token that only the browser has, and two limits in time."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts: without being used, and in all."""

    idle: timedelta
    total: timedelta

    def alive(self, opened_at: datetime, seen_at: datetime, now: datetime) -> bool:
        """Return whether a session is still open."""
        return now < opened_at + self.total and now < seen_at + self.idle


def new_token() -> str:
    """Return a new session token of 256 bits, for the cookie."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_digest(token: str) -> bytes:
    """Return what is kept of a session token (SHA-256, 32 octets), whatever text came as the cookie."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def csrf_token(token: str) -> str:
    """Return the token that proves a form was made for this session: nobody can make it without the cookie."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"csrf", sha256).hexdigest()


def is_csrf_token(token: str, given: str) -> bool:
    """Return whether `given` is the session's, compared in constant time."""
    return hmac.compare_digest(csrf_token(token).encode(), given.encode("utf-8", "surrogatepass"))
