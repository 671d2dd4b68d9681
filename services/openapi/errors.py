"""The errors of an operation, each as the service itself would answer it: the examples are made by the real table."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from common import errors
from common.errors import ServiceError
from common.http.problems import field_errors, is_of_fields, oauth_error, problem, row_of
from common.http.routing import Wire
from services.openapi.examples import REQUEST_ID
from services.openapi.operation import Caller, Operation
from services.openapi.samples import SAMPLES
from services.openapi.shapes import FieldErrors, OAuthProblem, Problem

_BY_CLASS: Final[Mapping[type[ServiceError], ServiceError]] = {type(sample): sample for sample in SAMPLES}
_ALWAYS: Final = (errors.UnknownHost, errors.InternalFault)
_OF_QUERY: Final = (errors.MalformedBody, errors.DuplicateParameter, errors.InvalidInput)
_OF_BODY: Final = (*_OF_QUERY, errors.BodyTooLarge, errors.BodyTooSlow, errors.UnsupportedMediaType)
_OF_BEARER: Final = (
    errors.DuplicateParameter,
    errors.NotAuthenticated,
    errors.PermissionDenied,
    errors.RateLimited,
)
_OF_CALLER: Final[Mapping[Caller, tuple[type[ServiceError], ...]]] = {
    Caller.ANYONE: (),
    Caller.CLIENT: (
        errors.DuplicateParameter,
        errors.InvalidInput,
        errors.InvalidClient,
        errors.UnsupportedGrantType,
        errors.RateLimited,
    ),
    Caller.CLIENT_OR_COMPANY: (*_OF_BEARER, errors.InvalidInput, errors.InvalidClient),
    Caller.BROWSER: (errors.NotAuthenticated,),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One error on the wire."""

    code: str
    title: str
    status: int
    media: str
    headers: tuple[str, ...]
    value: Mapping[str, object]

    @property
    def name(self) -> str:
        """Return the name of its example in the document."""
        if "code" in self.value:
            return self.code
        return f"oauth.{self.code}" if "error" in self.value else f"fields.{self.code}"


def raised(operation: Operation) -> frozenset[type[ServiceError]]:
    """Return every class of error that an operation can answer with."""
    found = {*_ALWAYS, *operation.errors, *_OF_CALLER.get(operation.caller, _OF_BEARER)}
    if any(parameter.where == "query" for parameter in operation.parameters):
        found.update(_OF_QUERY)
    if operation.bodies:
        found.update(_OF_BODY)
    if operation.bodies or operation.caller is not Caller.ANYONE:
        found.add(errors.Unavailable)
    return frozenset(found)


def shown(error: type[ServiceError], wire: Wire) -> Shown:
    """Return an error as a route of this wire form shows it."""
    if error is errors.UnknownHost:
        wire = "negotiated"  # the host is looked at before the route is known
    sample = _BY_CLASS[error]
    if wire == "fields" and is_of_fields(sample):
        response = field_errors(sample)
    else:
        response = (oauth_error if wire == "oauth" else problem)(sample, REQUEST_ID)
    value = json.loads(bytes(response.body))
    own = {"retry-after": "Retry-After", "www-authenticate": "WWW-Authenticate", "allow": "Allow"}
    return Shown(
        code=value.get("error") or value.get("code") or sample.code,
        title=row_of(error).title,
        status=response.status_code,
        media="text/html" if wire == "page" else response.headers["content-type"],
        headers=tuple(name for key, name in own.items() if key in response.headers),
        value=value,
    )


def error_responses(operation: Operation) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield for each status of an operation's errors the response; of one status all errors together."""
    by_status: defaultdict[int, list[Shown]] = defaultdict(list)
    for sample in SAMPLES:
        if type(sample) in raised(operation):
            one = shown(type(sample), operation.wire)
            by_status[one.status].append(one)
    for status, together in sorted(by_status.items()):
        yield status, _response(together)


def _response(together: Iterable[Shown]) -> dict[str, Any]:
    by_media: defaultdict[str, dict[str, Shown]] = defaultdict(dict)
    titles: dict[str, str] = {}
    headers = {"X-Request-Id"}
    for one in together:
        by_media[one.media].setdefault(one.code, one)
        headers.update(one.headers)
        titles.setdefault(one.code, one.title)
    return {
        "description": "; ".join(f"`{code}`: {title}" for code, title in titles.items()),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(headers)},
        "content": {media: _content(media, codes) for media, codes in by_media.items()},
        "x-codes": list(titles),
    }


def _content(media: str, codes: Mapping[str, Shown]) -> dict[str, Any]:
    if media == "text/html":
        return {"schema": {"type": "string"}}
    examples = {code: {"$ref": f"#/components/examples/{one.name}"} for code, one in codes.items()}
    if any("errors" in one.value and "code" not in one.value for one in codes.values()):
        return {"schema": {"$ref": f"#/components/schemas/{FieldErrors.__name__}"}, "examples": examples}
    form, member = (Problem, "code") if media == "application/problem+json" else (OAuthProblem, "error")
    return {
        "schema": {
            "allOf": [{"$ref": f"#/components/schemas/{form.__name__}"}],
            "properties": {member: {"enum": sorted(codes)}},
        },
        "examples": examples,
    }
