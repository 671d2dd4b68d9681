"""The stylesheet and the icon: files of ours, read once."""

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from common.http.routing import Resource

_MEDIA_TYPES: Final = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
_CACHE: Final = {"Cache-Control": "public, max-age=3600"}


def static_routes() -> list[Resource]:
    """Return a route for each file."""
    return [_route(name, media_type) for name, media_type in _MEDIA_TYPES.items()]


def _route(name: str, media_type: str) -> Resource:
    content = files("website").joinpath("static", name).read_bytes()

    async def show(_request: Request) -> Response:
        return Response(content, headers=_CACHE, media_type=media_type)

    return Resource(f"/static/{name}", GET=show)
