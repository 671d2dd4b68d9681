"""The query of a URL: each parameter once."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from common.errors import DuplicateParameter, MalformedBody

MAX_PARAMETERS = 100


def parameters(request: Request) -> dict[str, str]:
    """Return the query's parameters. Raises MalformedBody or DuplicateParameter."""
    try:
        pairs = parse_qsl(request.url.query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise MalformedBody(f"The query is not in UTF-8, or has more than {MAX_PARAMETERS} parameters.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateParameter("A parameter of the query is given twice.")
    return found
