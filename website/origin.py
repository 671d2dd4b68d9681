"""Did a page of ours send this form? Asked before any form that changes something (OWASP: origin check, CSRF token)."""

from collections.abc import Collection

from starlette.requests import Request

from common.errors import PermissionDenied
from common.sessions import is_csrf_token


def require_own_origin(request: Request, origins: Collection[str]) -> None:
    """Raise PermissionDenied if the browser says that another site's page sent this; `null` is another site too.

    A client that says nothing is an old one, or no browser: the cookie's SameSite and the CSRF token are there for it.
    """
    foreign = [origin for origin in request.headers.getlist("origin") if origin not in origins]
    if foreign or "cross-site" in request.headers.getlist("sec-fetch-site"):
        raise PermissionDenied("This form was sent by the page of another site.")


def require_own_form(session_token: str, csrf_token: str) -> None:
    """Raise PermissionDenied unless the form was made for this session."""
    if not is_csrf_token(session_token, csrf_token):
        raise PermissionDenied(
            "This form was not made for your session. Open the page again and make your choice there."
        )
