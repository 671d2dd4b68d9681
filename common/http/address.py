"""Where a request comes from."""

from starlette.requests import Request


def client_address(request: Request) -> str:
    """Return the caller's IP address as the server saw it; a header that claims another is not believed."""
    return request.client.host if request.client else "unknown"
