"""The stylesheet and the icon: files of ours, read once. Pages name them by content, so that no old look is shown."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from common.http.routing import Resource

_MEDIA_TYPES: Final = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
_YEAR: Final = 365 * 24 * 60 * 60
_KEEP: Final = f"public, max-age={_YEAR}, immutable"
_KEEP_FOR_AN_HOUR: Final = "public, max-age=3600"
_ASK_EACH_TIME: Final = "no-cache"
_DIGEST_LENGTH: Final = 12  # hexadecimal digits: enough to tell a handful of releases apart


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    version: str


@cache
def _file(name: str) -> _File:
    content = files("website").joinpath("static", name).read_bytes()
    return _File(content, sha256(content).hexdigest()[:_DIGEST_LENGTH])


def address_of(name: str) -> str:
    """Return the path of a file with the digest of its content: it changes when the file does."""
    return f"/static/{name}?v={_file(name).version}"


def static_routes() -> list[Resource]:
    """Return a route for each file."""
    return [_route(name, media_type) for name, media_type in _MEDIA_TYPES.items()]


def _route(name: str, media_type: str) -> Resource:
    file = _file(name)

    async def show(request: Request) -> Response:
        headers = {"Cache-Control": _cache(request.query_params.get("v"), file.version)}
        return Response(file.content, headers=headers, media_type=media_type)

    return Resource(f"/static/{name}", GET=show)


def _cache(asked: str | None, version: str) -> str:
    """A page of another release asks for another version. It gets this one, which nobody may keep under that name:

    while a release is rolled out the two answer side by side.
    """
    if asked is None:
        return _KEEP_FOR_AN_HOUR
    return _KEEP if asked == version else _ASK_EACH_TIME
