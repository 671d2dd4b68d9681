"""A key of ours that is in other hands, with the services apart: out everywhere, and everything goes on."""

import asyncio

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.deployment import APART, OWNERS, Deployment, Shape
from tests.support.servers.postgres_server import PostgresServer
from tests.support.wire import kid_of, problem, soon

JWKS = "/.well-known/jwks.json"


@pytest.fixture(scope="module")
async def shape(postgres_server: PostgresServer) -> Shape:
    """Four services: three of them know our keys from the key set that identity publishes."""
    return Shape(APART, 1, {owner: await postgres_server.create_database() for owner in OWNERS})


@pytest.mark.alone
async def test_what_a_revoked_key_signed_is_refused_by_every_service_and_they_go_on_under_another_one(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company = await deployment.company(client)
    assert (await company.create_dossier(fresh_bsn())).status_code == 201
    stolen, internal = kid_of(company.token), await deployment.internal(client, "dossier")

    assert (await deployment.sso("keys", "revoke", stolen)).code == 0
    refused = await asyncio.gather(
        soon(lambda: client.get("/company", headers=company.bearer), 401, seconds=1),
        soon(lambda: client.get("/dossier", headers=company.bearer), 401, seconds=2),
        soon(lambda: client.post("/pseudoniem", json={"bsn": fresh_bsn()}, headers=internal), 401, seconds=2),
    )
    for answer in refused:
        problem(answer, 401, "not_authenticated")

    company.token = (await company.fetch_token()).json()["access_token"]
    assert kid_of(company.token) != stolen
    assert (await client.get(JWKS)).json()["keys"][0]["kid"] == kid_of(company.token)
    # What they ask each other is under an internal token, which they replace when it is five seconds old.
    await soon(lambda: client.get("/dossier", headers=company.bearer), 200, seconds=7)
    await soon(lambda: company.create_dossier(fresh_bsn()), 201, seconds=7)
