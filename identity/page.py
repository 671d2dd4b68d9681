"""Going through a list that is ordered by a name that the company itself gave: a place in it is that name."""

from collections.abc import Mapping

from common.http import page
from keys import base64url


def cursor_of(name: str) -> str:
    """Return the place behind a name."""
    return base64url.encode(name.encode())


def asked_page(given: Mapping[str, str]) -> tuple[str, int]:
    """Return behind which name to begin, and how many at most. Raises InvalidInput."""
    return page.after(given, _name_of) or "", page.limit(given)


def _name_of(cursor: str) -> str:
    name = base64url.decode(cursor).decode()
    if "\0" in name:  # no name has one, and PostgreSQL takes none
        raise ValueError("no name")
    return name
