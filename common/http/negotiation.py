"""Which form and which language the caller would rather have (RFC 9110 12.5.1 and 12.5.4)."""

from collections.abc import Iterator, Sequence
from typing import Final

_READ: Final = 1000
"""Characters of a header that are looked at. Browsers send a fifth of that; a header can be 64 KiB of commas."""


def prefers_page(accept: str) -> bool:
    """Return whether `Accept` ranks text/html above application/json; equal, absent or unreadable is no."""
    return _quality(accept, "text/html") > _quality(accept, "application/json")


def preferred_language(accept_language: str, available: Sequence[str]) -> str | None:
    """Return the one of the languages `available` that `Accept-Language` ranks highest, None if it names none of them.

    `available` are primary subtags such as `nl`, which `nl-BE` asks for too; of equals the first that is named counts.
    """
    ranked = sorted(_elements(accept_language), key=lambda element: -element[1])
    for name, weight in ranked:
        language = available[0] if name == "*" else name.partition("-")[0]
        if weight > 0 and language in available:
            return language
    return None


def _quality(accept: str, media_type: str) -> float:
    major = media_type.partition("/")[0]
    specificity = {media_type: 3, f"{major}/*": 2, "*/*": 1}
    best, quality = 0, 0.0
    for name, weight in _elements(accept):
        rank = specificity.get(name, 0)
        if rank > best:
            best, quality = rank, weight
    return quality


def _elements(header: str) -> Iterator[tuple[str, float]]:
    for element in header[:_READ].lower().split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        yield name, _weight(parameters)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
