"""A path belongs to the first resource that it fits, as if they were tried one after the other."""

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from common.errors import NotFound
from common.http.router import by_path
from common.http.routing import Resource


async def tell(request: Request) -> Response:
    return PlainTextResponse(f"{request.scope['route_template']} {request.path_params}")


RESOURCES = [
    Resource("/", GET=tell),
    Resource("/a", GET=tell),
    Resource("/a/first", GET=tell),
    Resource("/a/{one}", GET=tell),
    Resource("/a/second", GET=tell),
    Resource("/a/{one}/of", GET=tell),
    Resource("/b/{rest:path}", GET=tell),
]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", "/ {}"),
        ("/a", "/a {}"),
        ("/a/first", "/a/first {}"),
        ("/a/second", "/a/{one} {'one': 'second'}"),
        ("/a/x%C3%A9", "/a/{one} {'one': 'xé'}"),
        ("/a/x/of", "/a/{one}/of {'one': 'x'}"),
        ("/b/x/y/", "/b/{rest} {'rest': 'x/y/'}"),
    ],
)
async def test_a_path_belongs_to_the_first_resource_that_it_fits(path: str, found: str) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(by_path(RESOURCES)), base_url="http://x") as client:
        assert (await client.get(path)).text == found


@pytest.mark.parametrize("path", ["/A", "/a/", "/a/x/", "/a/x/off", "/a%0A", "/c", "/%7Bone%7D", "/b"])
async def test_what_fits_none_is_not_found(path: str) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(by_path(RESOURCES)), base_url="http://x") as client:
        with pytest.raises(NotFound):
            await client.get(path)


def test_a_first_segment_that_is_a_parameter_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="first segment"):
        by_path([Resource("/{anything}", GET=tell)])
