"""The bearer token in the Authorization header (RFC 6750 2.1), and in no other place."""

import re

from starlette.requests import Request

from common.errors import DuplicateParameter, NotAuthenticated

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def authorization(request: Request) -> tuple[str, str]:
    """Return scheme (lower case) and credentials; ("", "") without the header. Raises DuplicateParameter."""
    values = request.headers.getlist("authorization")
    if len(values) > 1:
        raise DuplicateParameter("The Authorization header is given twice.")
    scheme, _, credentials = (values[0] if values else "").partition(" ")
    return scheme.lower(), credentials.strip(" ")


def bearer_token(request: Request) -> str:
    """Return the bearer token as it was sent, not verified. Raises NotAuthenticated or DuplicateParameter."""
    scheme, credentials = authorization(request)
    if scheme != "bearer":
        raise NotAuthenticated("Send an access token in the Authorization header, as Bearer.")
    if not _TOKEN.fullmatch(credentials):
        raise NotAuthenticated("The access token is not valid.", error="invalid_token")
    return credentials
