"""`/openapi.json` and `/docs`: true, complete, and without a word from elsewhere."""

import json
import re
from collections.abc import Iterator

import pytest
from openapi_spec_validator import validate
from pydantic import TypeAdapter

from common.errors import ServiceError, SignInFailed
from common.http.problems import TABLE, row_of
from services.openapi.catalogue import AREAS
from services.openapi.document import document
from services.openapi.operation import Operation
from services.openapi.samples import SAMPLES
from services.openapi.shapes import OAuthProblem, Problem
from services.whole import api_routes
from tests.support.wire import secured
from tests.support.world import ISSUER, World

OPERATIONS = [operation for area in AREAS.values() for operation in area]
BESIDE = dict.fromkeys(["/healthz", "/readyz", "/metrics", "/auth/login"], "negotiated")
"""What the demo serves beside the API of the owners."""


def label(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def error_classes(error: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    if hasattr(error, "code"):
        yield error
    for kind in error.__subclasses__():
        yield from error_classes(kind)


async def test_the_document_is_valid_and_tells_of_every_operation(world: World) -> None:
    answer = await world.client.get("/openapi.json")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    secured(answer)
    validate(answer.json())
    assert answer.json() == json.loads(json.dumps(document(AREAS, ISSUER)))


async def test_every_method_of_the_api_is_described_and_no_other(world: World) -> None:
    served = {resource.path: resource.wire for resource in api_routes(world.service)} | BESIDE

    assert {operation.path: operation.wire for operation in OPERATIONS} == served
    for path in served:
        methods = {operation.method for operation in OPERATIONS if operation.path == path}
        refused = await world.client.request("BREW", path)
        assert refused.status_code == 405
        assert set(refused.headers["allow"].split(", ")) - {"HEAD"} == methods, path


def test_a_composition_describes_what_it_serves_alone() -> None:
    chosen = {"Running it": AREAS["Running it"]}
    assert set(document(chosen, ISSUER)["paths"]) == {"/healthz", "/readyz", "/metrics"}


ON_PAGES_ALONE = {SignInFailed}
"""Of routes that are no part of the API."""


@pytest.mark.parametrize(
    "error",
    {error.code: error for error in error_classes() if error not in ON_PAGES_ALONE}.values(),
    ids=lambda error: error.code,
)
def test_every_error_is_described_as_it_is_answered(error: type[ServiceError]) -> None:
    examples = document(AREAS, ISSUER)["components"]["examples"]
    shown = [examples[name]["value"] for name in (error.code, f"oauth.{error.code}") if name in examples]

    assert shown
    for value in shown:
        (OAuthProblem if "error" in value else Problem).model_validate(value)
        assert value.get("status", row_of(error).status) == row_of(error).status


def test_every_row_of_the_table_of_errors_has_a_sample() -> None:
    assert {type(sample) for sample in SAMPLES} >= {error for error in TABLE if hasattr(error, "code")}


def test_what_can_be_left_out_cannot_be_null() -> None:
    schemas = document(AREAS, ISSUER)["components"]["schemas"]
    assert schemas["GivenProfInfo"]["properties"]["agb"] == {
        "type": "string", "pattern": "^[0-9]{8}$", "description": "Never zero."
    }  # fmt: skip
    assert "required" not in schemas["GivenProfInfo"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_the_examples_are_what_the_operation_takes(operation: Operation) -> None:
    for body in operation.bodies:
        body.model.model_validate_json(json.dumps(body.example))
    for parameter in operation.parameters:
        TypeAdapter(parameter.type).validate_python(parameter.example)
    given = {f"{{{parameter.name}}}" for parameter in operation.parameters if parameter.where == "path"}
    assert given == set(re.findall(r"\{.*?\}", operation.path))


async def test_the_page_tells_the_same_without_script_and_without_asking_others(world: World) -> None:
    answer = await world.client.get("/docs")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    secured(answer)
    assert all(f"<code>{label(operation)}</code>" in answer.text for operation in OPERATIONS)
    assert not re.search(r"<(script|iframe|object|embed|img)|\son\w+=|javascript:", answer.text)
    assert not re.search(r"(https?:)?//\w", re.sub(r"<pre>.*?</pre>", "", answer.text, flags=re.DOTALL))
    for link in set(re.findall(r'(?:href|src|action)="(.*?)"', answer.text)):
        assert (await world.client.get(link)).status_code == 200, link
