"""A decision and its event are both there or neither is; every refusal is kept, and a flood costs next to nothing."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Table, event, func, select, text

from common.audit.counter import RefusalStore
from common.audit.store_sql import DOSSIER_EVENTS, IDENTITY_EVENTS, IDENTITY_REFUSALS, PSEUDONIEM_EVENTS
from services.refusal_counts import keeping_counts
from sso.launch.store_sql import launches, sessions, spends
from tests.support.audit import TABLES, counted, events, flushed, rows, said
from tests.support.bsns import fresh_bsn
from tests.support.databases import emptied_postgresql
from tests.support.ehr import PROFESSIONAL, flip
from tests.support.patient import choose
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem, session_of
from tests.support.world import Company, World, open_world


@pytest.fixture(params=["sqlite", "postgresql"])
async def own_world(
    request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer, postgres_server: PostgresServer
) -> AsyncIterator[World]:
    """A service that a test may break."""
    sqlite = f"sqlite:///{tmp_path / 'sso.db'}"
    url = sqlite if request.param == "sqlite" else await emptied_postgresql(postgres_server)
    async with open_world(tmp_path, url, redis_server.url) as world:
        yield world


async def amount(world: World, table: Table) -> int:
    async with world.service.ground.databases.identity.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


@asynccontextmanager
async def no_more_rows(world: World, table: Table) -> AsyncIterator[None]:
    """Refuse every INSERT into a table, as a full disk would, for a while."""
    database = world.service.ground.databases.identity
    if database.is_sqlite:
        make = [f"CREATE TRIGGER full_disk BEFORE INSERT ON {table.name} BEGIN DELETE FROM not_there; END"]  # noqa: S608
        drop = ["DROP TRIGGER full_disk"]
    else:
        body = "BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END"
        make = [
            f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {table.name} EXECUTE FUNCTION full_disk()",
        ]
        drop = [f"DROP TRIGGER full_disk ON {table.name}", "DROP FUNCTION full_disk"]
    await run(world, *make)
    try:
        yield
    finally:
        await run(world, *drop)


async def run(world: World, *statements: str) -> None:
    async with world.service.ground.databases.identity.transaction() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_a_launch_that_fails_after_its_event_leaves_neither(own_world: World) -> None:
    company = await own_world.company(alg="ES256")
    token = company.ehr.sign(own_world.claims(company, profInfo=PROFESSIONAL))
    async with no_more_rows(own_world, sessions):
        answer = await company.launch_in_browser(token)
    assert answer.status_code == 503
    assert await said(own_world, answer) == []
    assert [await amount(own_world, table) for table in (launches, spends)] == [0, 0]


async def test_a_launch_whose_event_cannot_be_kept_did_not_take_place(own_world: World) -> None:
    company = await own_world.company(alg="ES256")
    token = company.ehr.sign(own_world.claims(company, profInfo=PROFESSIONAL))
    async with no_more_rows(own_world, IDENTITY_EVENTS):
        problem(await company.launch(token), 503, "unavailable")
        problem(await company.launch("x"), 401, "token_rejected")
        refused = company.ehr.sign(own_world.claims(company, iat=1))
        problem(await company.launch(refused), 503, "unavailable")
    assert [await amount(own_world, table) for table in (launches, spends)] == [0, 0]


async def test_a_permission_whose_event_cannot_be_kept_is_not_disclosed(own_world: World) -> None:
    company, bsn = await own_world.company(alg="ES256"), fresh_bsn()
    dossier_id = (await company.create_dossier(bsn)).json()["dossierId"]
    await choose(own_world, bsn, dossier_id, "approved")
    async with no_more_rows(own_world, DOSSIER_EVENTS):
        answers = [
            await company.permission(bsn),
            await company.permission(fresh_bsn()),
            await own_world.client.post("/dossier/permissions", json={"bsns": [bsn]}, headers=company.bearer),
            await own_world.client.get(f"/dossier/{dossier_id}", headers=company.bearer),
            await own_world.client.get("/dossier", headers=company.bearer),
            await company.create_dossier(fresh_bsn()),
            await own_world.client.delete(f"/dossier/{bsn}", headers=company.bearer),
        ]
    for answer in answers:
        problem(answer, 503, "unavailable")
        assert not re.search("gavePermission|approved|dossierId", answer.text)
    assert (await company.permission(bsn)).json() == {"gavePermission": True}


async def test_a_pseudoniem_whose_event_cannot_be_kept_is_not_made(own_world: World) -> None:
    company, bsn = await own_world.company(alg="ES256"), fresh_bsn()
    async with no_more_rows(own_world, PSEUDONIEM_EVENTS):
        problem(await company.create_dossier(bsn), 503, "unavailable")
    assert (await company.create_dossier(bsn)).status_code == 201
    assert [made["event"] for made in await events(own_world, PSEUDONIEM_EVENTS)] == ["pseudoniem.made"]


async def test_five_hundred_refusals_from_one_address_are_one_row(own_world: World) -> None:
    for _ in range(5):
        await asyncio.gather(*(own_world.client.post("/sso/launch", json={"token": "x"}) for _ in range(100)))
        await flushed(own_world)
    [row] = await rows(own_world.service.ground.databases.identity, IDENTITY_REFUSALS)
    assert (row.address, row.cause, row.times) == ("127.0.0.1", "malformed_token", 500)
    assert row.minute == own_world.clock().replace(second=0)
    assert await amount(own_world, IDENTITY_EVENTS) == len(await events(own_world, IDENTITY_EVENTS))
    assert {said["event"] for said in await events(own_world, IDENTITY_EVENTS)} == {
        "company.registered",
        "key.registered",
        "signing_key.made",
    }


def refusals_of(world: World) -> RefusalStore:
    store = world.service.ground.databases.refusals
    assert store is not None
    return store


async def test_what_is_counted_is_kept_when_the_service_stops(own_world: World) -> None:
    async with keeping_counts(own_world.service.ground.counter, refusals_of(own_world)):
        await own_world.client.get("/company")
    [row] = await rows(own_world.service.ground.databases.identity, IDENTITY_REFUSALS)
    assert (row.cause, row.times) == ("not_authenticated", 1)


async def test_what_cannot_be_kept_now_is_kept_later(own_world: World) -> None:
    async with no_more_rows(own_world, IDENTITY_REFUSALS):
        async with keeping_counts(own_world.service.ground.counter, refusals_of(own_world)):
            await own_world.client.get("/company")
        assert await amount(own_world, IDENTITY_REFUSALS) == 0
    await own_world.client.get("/company")
    assert await counted(own_world) == {("127.0.0.1", "not_authenticated"): 2}


async def mixed(world: World, company: Company) -> list[httpx2.Response]:
    """Call everything that decides, right and wrong; none for a patient who was never seen."""
    bsn, client, bearer = fresh_bsn(), world.client, company.bearer
    dossier_id = (await company.create_dossier(bsn)).json()["dossierId"]
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}))
    browser = await company.launch_in_browser(
        company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}))
    )
    return [
        browser,
        await client.get("/sso/session", headers=session_of(browser)),
        await client.delete("/sso/session", params={"launchId": "x"}, headers=session_of(browser)),
        await client.delete("/sso/session", headers=session_of(browser)),
        await company.launch(token),
        await company.launch(token),
        await company.launch(flip(token, 1)),
        await company.launch(company.ehr.sign(world.claims(company, aud=bsn))),
        await company.fetch_token(),
        await company.fetch_token(scope=bsn),
        await client.post("/auth/token", data={"client_id": bsn, "client_secret": bsn}),
        await client.post("/auth/token/professional", json={"sub": "u1"}, headers=bearer),
        await client.post("/auth/token/internal", data={"client_id": bsn, "client_secret": bsn}),
        await client.post("/pseudoniem", json={"bsn": bsn}, headers=bearer),
        await client.get(f"/dossier/{bsn}"),
        await client.get(f"/dossier/{bsn}", headers=bearer),
        await client.get(f"/dossier/{dossier_id}", headers=bearer),
        await client.get("/dossier", headers=bearer),
        await company.permission(bsn),
        await company.create_dossier(bsn),
        await client.delete(f"/dossier/{bsn}", headers=bearer),
        await client.delete(f"/dossier/{bsn}", headers=bearer),
        await client.delete(f"/company/keys/{bsn}", headers=bearer),
        await client.post("/company/register", json={"companyName": bsn}),
        await client.post("/company/keys", json={"pem": bsn}, headers=bearer),
    ]


async def test_each_call_of_a_mixed_run_has_exactly_one_event_or_is_counted_once(own_world: World) -> None:
    company = await own_world.company(alg="ES256")
    answers = await mixed(own_world, company)
    assert {answer.status_code for answer in answers} >= {200, 201, 204, 303, 401, 403, 404, 409, 422}
    each = [len(await said(own_world, answer)) for answer in answers]
    assert set(each) == {0, 1}
    assert sum((await counted(own_world)).values()) == each.count(0)


async def test_nothing_that_a_caller_wrote_is_in_the_audit(own_world: World) -> None:
    await mixed(own_world, await own_world.company(alg="ES256"))
    uuid, others = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"[0-9a-f]{64}|[\w-]{43}|[A-Za-z_.]{1,40}|[0-9]{1,4}"
    for table in TABLES:
        for event_said in await events(own_world, table):
            assert [value for value in event_said.values() if not re.fullmatch(f"{uuid}|{others}", str(value))] == []


async def test_a_permission_costs_one_statement_more_and_a_launch_too(own_world: World) -> None:
    company, bsn = await own_world.company(alg="ES256"), fresh_bsn()
    await company.create_dossier(bsn)
    token = company.ehr.sign(own_world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}))
    statements: list[str] = []
    database = own_world.service.ground.databases.identity

    def listen(connection: Any, _record: object) -> None:
        connection.driver_connection.add_query_logger(lambda logged: statements.append(logged.query))

    event.listen(database.engine.sync_engine, "connect", listen)
    await database.close()  # so that it opens others
    await company.permission(bsn)
    of_permission = [statement for statement in statements if "unnest" in statement]
    statements.clear()
    await company.launch(token)
    audits = [statement for statement in statements if "_audit" in statement]
    assert len([statement for statement in of_permission if "_audit" in statement]) == 1
    assert len(of_permission) == 5  # the company, its revoked tokens, the pseudoniem, the dossier, the event
    assert len(audits) == 1
