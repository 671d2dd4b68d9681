"""Is this page to be shown inside another page? Then nothing is done, and the reader is told to open a window.

`frame-ancestors 'none'` alone would leave an empty frame, after a launch whose token is spent.
"""

from typing import Final

from starlette.requests import Request

from common.errors import PermissionDenied

_FRAMES: Final = frozenset({"iframe", "frame", "fencedframe", "embed", "object"})
"""The destinations that are inside another page (Fetch Metadata, `Sec-Fetch-Dest`)."""


def is_framed(request: Request) -> bool:
    """Return whether the browser says that it asks for another page's frame."""
    return not _FRAMES.isdisjoint(request.headers.getlist("sec-fetch-dest"))


def require_own_window(request: Request) -> None:
    """Raise PermissionDenied if this is for a frame."""
    if is_framed(request):
        raise PermissionDenied("This page does not open inside another page. That keeps your patients' data safe.")
