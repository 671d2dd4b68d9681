"""The OpenAPI 3.1 document: a pure function of the operations, the models and the table of errors."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from pydantic.json_schema import JsonSchemaMode

from services.openapi.components import HEADERS, error_examples, error_list, security_schemes
from services.openapi.errors import error_responses
from services.openapi.json_schema import Shapes, shapes_of
from services.openapi.operation import Body, Operation, Parameter, Reply
from services.openapi.shapes import FieldErrors, OAuthProblem, Problem

Areas = Mapping[str, Sequence[Operation]]

_ABOUT: Final = """\
Single sign-on in patient context: an EHR launches a professional at a patient, companies keep dossiers, patients say
who may share. JSON is UTF-8, and a member that is not described here is refused. Every answer has `X-Request-Id`.

Errors are problem documents (RFC 9457), at the token endpoints those of RFC 6749 5.2, under `/api/v1` for a rule that
is broken the keywords of each field, and pages for a caller that ranks text/html above JSON. A method that a path does
not have is 405, with `Allow`.

"""


def document(areas: Areas, issuer: str) -> dict[str, Any]:
    """Return the document of these operations for a service at `issuer`."""
    operations = [operation for area in areas.values() for operation in area]
    shapes, models = shapes_of(_types(operations))
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "SSO in context",
            "version": version("sso-in-context"),
            "description": _ABOUT + error_list(),
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": issuer}],
        "tags": [{"name": area} for area in areas],
        "paths": _paths(areas, shapes),
        "components": {
            "schemas": dict(sorted(models.items())),
            "examples": error_examples(operations),
            "headers": HEADERS,
            "securitySchemes": security_schemes(issuer),
        },
    }


def _types(operations: Iterable[Operation]) -> list[tuple[Any, JsonSchemaMode]]:
    """Each type once: what we read to validate, what we write as it is serialised."""
    read = [body.model for operation in operations for body in operation.bodies]
    read += [parameter.type for operation in operations for parameter in operation.parameters]
    written = [type(reply.example) for operation in operations for reply in operation.replies if reply.example]
    return [
        *((given, "validation") for given in dict.fromkeys([*read, Problem, OAuthProblem, FieldErrors])),
        *((given, "serialization") for given in dict.fromkeys(written)),
    ]


def _paths(areas: Areas, shapes: Shapes) -> dict[str, Any]:
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for area, operations in areas.items():
        for operation in operations:
            paths[operation.path][operation.method.lower()] = _operation(operation, area, shapes)
    return dict(paths)


def _operation(operation: Operation, area: str, shapes: Shapes) -> dict[str, Any]:
    responses = dict(error_responses(operation)) | {reply.status: _reply(reply, shapes) for reply in operation.replies}
    scopes = [operation.scope.value] if operation.scope else []
    described: dict[str, Any] = {
        "operationId": "_".join(re.findall(r"\w+", f"{operation.method.lower()}{operation.path}")),
        "tags": [area],
        "summary": operation.summary,
        "security": [
            {scheme: scopes if scheme == "company" else []} if scheme else {} for scheme in operation.caller.value
        ],
        "responses": {str(status): response for status, response in sorted(responses.items())},
    }
    if operation.parameters:
        described["parameters"] = [_parameter(parameter, shapes) for parameter in operation.parameters]
    if operation.bodies:
        content = {body.media: _content(body, shapes) for body in operation.bodies}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameter(parameter: Parameter, shapes: Shapes) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.meaning,
        "schema": shapes[parameter.type, "validation"],
        "example": parameter.example,
    }


def _content(body: Body, shapes: Shapes) -> dict[str, Any]:
    return {"schema": shapes[body.model, "validation"], "example": body.example}


def _reply(reply: Reply, shapes: Shapes) -> dict[str, Any]:
    names = sorted({*reply.headers, "X-Request-Id"})
    response: dict[str, Any] = {
        "description": reply.meaning,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if reply.example is not None:
        shown = reply.example if isinstance(reply.example, str) else reply.example.model_dump(mode="json")
        response["content"] = {reply.media: {"schema": shapes[type(reply.example), "serialization"], "example": shown}}
    return response
