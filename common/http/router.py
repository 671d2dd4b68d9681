"""Which resource a path belongs to."""

from collections.abc import Sequence

from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from common.errors import NotFound
from common.http.routing import Resource


def by_path(resources: Sequence[Resource]) -> ASGIApp:
    """Return the application that these resources are, looked through in their order.

    One whose path has no parameters is found by it; of the others only those are tried whose first segment is the
    path's. Raises ValueError for a resource whose first segment is a parameter.
    """
    by_segment: dict[str, list[Resource]] = {}
    for resource in resources:
        by_segment.setdefault(_first_segment(resource.path), []).append(resource)
    if any("{" in segment for segment in by_segment):
        raise ValueError("the first segment of a path is the same for all requests")
    whole: dict[str, Resource] = {}
    for those in by_segment.values():
        for resource in those:
            if resource.param_convertors:
                continue
            first = next(one for one in those if one.path_regex.match(resource.path))
            if not first.param_convertors:  # else one with parameters was there before it
                whole[resource.path] = first
    tried = {segment: [one for one in those if one.param_convertors] for segment, those in by_segment.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        resource = whole.get(path)
        if resource is None:
            resource = _with_parameters(tried.get(_first_segment(path), ()), scope)
        await resource.handle(scope, receive, send)

    return app


def _with_parameters(resources: Sequence[Resource], scope: Scope) -> Resource:
    """Return the first resource that the path fits, with the parameters in the scope. Raises NotFound."""
    for resource in resources:
        match, found = resource.matches(scope)
        if match is Match.FULL:
            scope.update(found)
            return resource
    raise NotFound("There is nothing at this address.")


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]
