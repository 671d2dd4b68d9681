"""The service keeps to its own description: requests made from the document, and the answers read with it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from services.openapi.operation import Caller, Operation
from tests.scenarios.test_openapi import OPERATIONS, label
from tests.support.described import CHECKS, DESCRIBED
from tests.support.ehr import PROFESSIONAL
from tests.support.wire import session_of
from tests.support.world import ISSUER, Company, World

BOUNDED = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

Credentials = Mapping[Caller, Sequence[Mapping[str, str]]]


@pytest.fixture(scope="module")
async def caller(world: World) -> Company:
    """The company that asks."""
    return await world.company("Praktijk Steekproef", alg="ES256")


@pytest.fixture(scope="module")
async def credentials(world: World, caller: Company) -> Credentials:
    """For each kind of caller the headers that let one in."""
    launched = await caller.launch(caller.ehr.sign(world.claims(caller, profInfo=PROFESSIONAL)))
    browser = await caller.launch_in_browser(caller.ehr.sign(world.claims(caller)))
    service = json.loads((world.folder / "demo-service.json").read_text())
    form = {"grant_type": "client_credentials"}
    internal = await world.client.post(
        "/auth/token/internal", data=form, auth=(service["clientId"], service["clientSecret"])
    )
    launch, own = launched.json()["accessToken"], internal.json()["access_token"]
    return {
        Caller.ANYONE: [{}],
        Caller.CLIENT: [{}, caller.basic],
        Caller.CLIENT_OR_COMPANY: [{}, caller.basic, caller.bearer],
        Caller.COMPANY: [caller.bearer],
        Caller.COMPANY_OR_LAUNCH: [caller.bearer, {"Authorization": f"Bearer {launch}"}],
        Caller.INTERNAL: [{"Authorization": f"Bearer {own}"}],
        Caller.BROWSER: [session_of(browser)],
    }


def modes(operation: Operation) -> Sequence[GenerationMode]:
    """Return whether only right requests can be made, or wrong ones too: any text is a right one in a path."""
    query = any(parameter.where == "query" for parameter in operation.parameters)
    return list(GenerationMode) if operation.bodies or query else [GenerationMode.POSITIVE]


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
@BOUNDED
@given(data=st.data())
async def test_every_answer_is_as_described(
    world: World, caller: Company, credentials: Credentials, operation: Operation, data: st.DataObject
) -> None:
    mode = data.draw(st.sampled_from(modes(operation)))
    case: Case[Any] = data.draw(DESCRIBED[operation.path][operation.method].as_strategy(mode))
    if operation.path == "/sso/launch" and isinstance(case.body, dict) and data.draw(st.booleans()):
        case.body = {"token": caller.ehr.sign(world.claims(caller))}
    headers = data.draw(st.sampled_from(credentials[operation.caller]))

    answer = await send(world, case, headers)

    case.validate_response(answer, checks=CHECKS)
    assert answer.status_code not in {429, 503}


async def send(world: World, case: Case[Any], credentials: Mapping[str, str]) -> httpx2.Response:
    """Send a request as `requests` writes it, for which schemathesis makes it; with other credentials."""
    case.headers.pop("Authorization", None)
    case.cookies.clear()
    made = requests.Request(**case.as_transport_kwargs(base_url=ISSUER)).prepare()
    headers = {name: str(value) for name, value in made.headers.items()}
    content = made.body if isinstance(made.body, bytes) else str(made.body or "").encode()
    async with world.another_client() as client:
        return await client.request(
            str(made.method), str(made.url), content=content, headers={**headers, **credentials}
        )
