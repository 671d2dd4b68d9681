"""The service's description as a judge: does an answer keep to the document?"""

import re
from http import HTTPStatus

import httpx2
import requests
import schemathesis
from schemathesis import Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.openapi.catalogue import AREAS
from services.openapi.document import document

DESCRIBED = schemathesis.openapi.from_dict(document(AREAS, "https://sso.example"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


async def as_described(answer: httpx2.Response) -> None:
    """Check an answer; made to be a client's response hook. What is no operation of the API is not looked at."""
    operation = DESCRIBED.find_operation_by_path(answer.request.method, answer.request.url.path)
    if operation is None or answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return
    page = answer.headers.get("content-type", "").startswith("text/html")
    case = operation.Case(path_parameters=dict.fromkeys(re.findall(r"{(\w+)}", operation.path), "any"))
    response = Response(
        status_code=answer.status_code,
        headers={name: [value] for name, value in answer.headers.items()},
        content=await answer.aread(),
        request=requests.Request(answer.request.method, str(answer.request.url)).prepare(),
        elapsed=0,
        verify=True,
    )
    case.validate_response(response, checks=[status_code_conformance] if page else CHECKS[1:])
