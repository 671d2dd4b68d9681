"""Going through a long list: the place where its next page begins, as an opaque text.

A list is ordered by a name that the company itself gave, so a place is that name. It opens nothing: whoever sends one
sees their own rows only.
"""

from typing import Final

from common.errors import Fault, InvalidInput
from common.http.query import limit
from keys import base64url

PAGE: Final = 100
MAX_PAGE: Final = 500


def cursor_of(name: str) -> str:
    """Return the place behind a name."""
    return base64url.encode(name.encode())


def asked(given: dict[str, str]) -> tuple[str, int]:
    """Return behind which name to begin, and how many at most. Raises InvalidInput."""
    return _name_of(given["cursor"]) if "cursor" in given else "", limit(given, default=PAGE, most=MAX_PAGE)


def _name_of(text: str) -> str:
    try:
        name = base64url.decode(text).decode()
    except ValueError:
        name = "\0"
    if "\0" in name:  # no name has one, and PostgreSQL takes none
        raise InvalidInput("The cursor is not one that this service gave.", [Fault("cursor", "format")])
    return name
