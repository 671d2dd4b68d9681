"""Answers in JSON."""

from collections.abc import Mapping
from typing import Protocol

from starlette.responses import Response

from common.http.body import JSON


class Body(Protocol):
    """A schema of an answer."""

    def model_dump_json(self) -> str:
        """Return its members as JSON, under the names of the wire."""
        ...


def json_answer(body: Body, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with the members of `body`, which its library writes in a third of the time of `json`."""
    return Response(body.model_dump_json(), status, headers, JSON)
