"""Where a page of a list ends."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], T | None]:
    """Return the page of what was found when one more than `limit` was asked for, and the last of it.

    Behind that the next page begins; None when there is none.
    """
    shown = found[:limit]
    return shown, shown[-1] if len(found) > limit else None
