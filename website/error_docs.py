"""`/errors/{code}`: what an error code means. The `type` of every problem document leads here (RFC 9457 3.1.1)."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.errors import NotFound
from common.http.problems import row_of, with_codes
from common.http.routing import Resource
from website.errors import next_step
from website.pages import Pages


@dataclass(frozen=True, slots=True)
class ErrorDocs:
    """A page for each code, from the table that the errors themselves are made with."""

    pages: Pages

    def routes(self) -> list[Resource]:
        """Return the routes of these pages."""
        return [Resource("/errors/{code}", wire="page", GET=self.show)]

    async def show(self, request: Request) -> Response:
        """Show what a code means."""
        code = request.path_params["code"]
        error = with_codes().get(code)
        if error is None:
            raise NotFound("There is no such error code.")
        row = row_of(error)
        return self.pages.show(
            request, "error_code.html", heading=row.title, code=code, status_code=row.status, next_step=next_step(error)
        )
