"""Internal tokens, and the pseudoniem API that they open."""

import json
from typing import Any

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.races import at_once
from tests.support.wire import problem
from tests.support.world import World


async def internal_token(world: World, **changes: str) -> httpx2.Response:
    """Ask for an internal token as the demo's one service."""
    known = json.loads((world.folder / "demo-service.json").read_text())
    credentials = {"client_id": known["clientId"], "client_secret": known["clientSecret"]}
    form = {"grant_type": "client_credentials", **credentials, **changes}
    return await world.client.post("/auth/token/internal", data={name: value for name, value in form.items() if value})


@pytest.fixture
async def bearer(world: World) -> dict[str, str]:
    """The header of one of our own services."""
    return {"Authorization": f"Bearer {(await internal_token(world)).json()['access_token']}"}


async def test_a_registered_service_gets_a_token_that_nobody_keeps(world: World) -> None:
    answer = await internal_token(world)
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 900)
    assert answer.headers["cache-control"] == "no-store"


REFUSED: dict[str, tuple[dict[str, str], int, str]] = {
    "a wrong secret": ({"client_secret": "x" * 43}, 401, "invalid_client"),
    "an unknown service": ({"client_id": "somebody"}, 401, "invalid_client"),
    "no secret": ({"client_secret": ""}, 401, "invalid_client"),
    "no grant type": ({"grant_type": ""}, 400, "invalid_request"),
    "another grant type": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
}


@pytest.mark.parametrize(("changes", "status", "error"), REFUSED.values(), ids=REFUSED)
async def test_nobody_else_gets_one(world: World, changes: dict[str, str], status: int, error: str) -> None:
    answer = await internal_token(world, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_a_company_is_no_service(world: World) -> None:
    company = await world.company(alg="ES256")
    answer = await internal_token(world, client_id=company.company_id, client_secret=company.secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_bsn_has_one_pseudoniem_by_path_and_by_body_however_many_ask(
    world: World, bearer: dict[str, str]
) -> None:
    bsn = fresh_bsn()

    async def ask(number: int) -> Any:
        if number % 2:
            answer = await world.client.get(f"/pseudoniem/{bsn}", headers=bearer)
        else:
            answer = await world.client.post("/pseudoniem", json={"bsn": bsn}, headers=bearer)
        assert answer.status_code == 200, answer.text
        return answer.json()["pseudoniem"]

    assert len(set(await at_once(20, ask))) == 1


async def test_the_pseudoniem_is_for_our_own_services_alone(world: World) -> None:
    company = await world.company(alg="ES256")
    path = f"/pseudoniem/{fresh_bsn()}"
    problem(await world.client.get(path), 401, "not_authenticated")
    problem(await world.client.get(path, headers=company.bearer), 403, "permission_denied")
    problem(await world.client.post("/pseudoniem", json={"bsn": "1"}, headers=company.bearer), 403, "permission_denied")


async def test_an_invalid_bsn_is_pointed_at_and_not_repeated(world: World, bearer: dict[str, str]) -> None:
    for answer, pointer in (
        (await world.client.get("/pseudoniem/1234567", headers=bearer), "bsn"),
        (await world.client.post("/pseudoniem", json={"bsn": "1234567"}, headers=bearer), "/bsn"),
    ):
        assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": pointer, "rule": "bsn"}]
        assert "1234567" not in answer.text


async def test_an_internal_token_opens_nothing_of_a_company(world: World, bearer: dict[str, str]) -> None:
    for method, path in (("GET", "/company"), ("GET", "/dossier"), ("POST", "/dossier"), ("GET", "/company/keys")):
        problem(await world.client.request(method, path, headers=bearer), 403, "permission_denied")
