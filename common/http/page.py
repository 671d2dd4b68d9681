"""Lists page by page: where one begins, how long it is, and how it leads to the next.

A cursor is an opaque text that says where a page ended. It opens nothing: whoever sends one sees their own rows only.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlencode

from common.errors import Fault, InvalidInput

PAGE: Final = 100
MAX_PAGE: Final = 500

T = TypeVar("T")


def limit(given: Mapping[str, str]) -> int:
    """Return the parameter `limit`, `PAGE` without one. Raises InvalidInput unless it is from 1 to `MAX_PAGE`."""
    text = given.get("limit", str(PAGE))
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PAGE)) and 1 <= int(text) <= MAX_PAGE):
        raise InvalidInput(f"The limit is a number from 1 to {MAX_PAGE}.", [Fault("limit", "range")])
    return int(text)


def after(given: Mapping[str, str], place: Callable[[str], T]) -> T | None:
    """Return the place where the page before ended, read from the parameter `cursor`; None for the first page.

    `place` reads a text that this service gave and raises ValueError for any other. Raises InvalidInput then.
    """
    if "cursor" not in given:
        return None
    try:
        return place(given["cursor"])
    except ValueError:
        raise InvalidInput("The cursor is not one that this service gave.", [Fault("cursor", "format")]) from None


def link_to_next(path: str, query: Mapping[str, object]) -> dict[str, str]:
    """Return the header that leads to the next page (RFC 8288 3)."""
    return {"Link": f'<{path}?{urlencode(query)}>; rel="next"'}
