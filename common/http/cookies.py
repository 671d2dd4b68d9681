"""Session cookies: `__Host-`, so of this host alone, over TLS (or loopback), out of reach of script (RFC 6265bis)."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """A cookie that holds a token and lives as long as the browser does, or `max_age` seconds."""

    name: str
    max_age: int | None = None

    def read(self, request: Request) -> str | None:
        """Return the token that the browser sent."""
        return request.cookies.get(self.name)

    def write(self, response: Response, token: str) -> None:
        """Give the browser a token."""
        response.set_cookie(
            self.name, token, max_age=self.max_age, path="/", secure=True, httponly=True, samesite="lax"
        )

    def clear(self, response: Response) -> None:
        """Take the token away."""
        response.delete_cookie(self.name, path="/", secure=True, httponly=True, samesite="lax")
