"""Our own keys in a running service: announced, succeeded, and out of it within a second of an operator's word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from common.audit.store_sql import IDENTITY_EVENTS
from common.settings import Settings
from keys.ring import Purpose
from keys.store_sql import SqlSigningKeys
from services.all import open_all
from services.databases import open_databases, urls_of
from services.key_times import keeping_rings
from services.migrate import migrate
from tests.support.audit import events
from tests.support.bsns import fresh_bsn
from tests.support.command import Ended, sso
from tests.support.ehr import PROFESSIONAL
from tests.support.own_keys import ROTATION, signing_kid
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import kid_of, problem, soon
from tests.support.world import Company, World, open_world

JWKS = "/.well-known/jwks.json"


@pytest.fixture
async def own(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[World]:
    """A service of the test's own: a key that is out would be in the way of others."""
    async with open_world(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}", redis_server.url) as opened:
        yield opened


async def command(world: World, *arguments: str) -> Ended:
    """Run `sso keys …` as an operator of this service does, in a process that has the same database and sealing key."""
    settings = {"SSO_DATABASE__URL": world.database_url, "SSO_KEYS__SEALING_FILE": str(world.folder / "sealing.key")}
    return await asyncio.to_thread(sso, "keys", *arguments, **settings)


async def key_set(world: World) -> list[str]:
    """Return the names of the published keys."""
    return [key["kid"] for key in (await world.client.get(JWKS)).json()["keys"]]


async def fresh_token(company: Company) -> str:
    token: str = (await company.fetch_token()).json()["access_token"]
    return token


async def test_what_a_revoked_key_signed_is_refused_within_a_second_and_another_one_signs(own: World) -> None:
    company = await own.company()
    stolen = kid_of(company.token)
    async with keeping_rings(own.service.identity.rings):
        assert (await own.client.get("/company", headers=company.bearer)).status_code == 200
        assert (await command(own, "revoke", stolen)).code == 0
        answer = await soon(lambda: own.client.get("/company", headers=company.bearer), 401, seconds=1)
        problem(answer, 401, "not_authenticated")
        company.token = await fresh_token(company)
        assert (await own.client.get("/company", headers=company.bearer)).status_code == 200
    assert kid_of(company.token) != stolen
    assert stolen not in await key_set(own)
    assert kid_of(company.token) in await key_set(own)
    said = [event for event in await events(own, IDENTITY_EVENTS) if event["event"] == "signing_key.withdrawn"]
    assert said == [{"event": "signing_key.withdrawn", "kid": stolen, "purpose": "access"}]


async def test_a_launch_token_that_we_signed_is_refused_with_its_key_and_the_next_one_launches(own: World) -> None:
    company = await own.company()
    contents = {"sub": "profID1241", "profInfo": PROFESSIONAL, "patientInfo": {"bsn": fresh_bsn()}}

    async def signed() -> str:
        made = await own.client.post("/auth/token/professional", json=contents, headers=company.bearer)
        token: str = made.json()["token"]
        return token

    rings, before = own.service.identity.rings, await signed()
    assert (await command(own, "revoke", kid_of(before))).code == 0
    await rings.keeper.keep(rings.sso)
    problem(await company.launch(before), 401, "token_rejected")
    assert (await company.launch(await signed())).status_code == 200
    assert (await own.client.get("/company", headers=company.bearer)).status_code == 200  # the other purpose's


async def test_an_announced_key_is_in_the_key_set_before_it_signs_and_no_token_is_lost(own: World) -> None:
    company, rings = await own.company(), own.service.identity.rings
    old = kid_of(company.token)
    assert (await command(own, "rotate", "access")).code == 0
    await rings.keeper.keep(rings.access)
    new = (await key_set(own))[0]
    assert old != new
    assert old in await key_set(own)
    own.clock.now += ROTATION.announced - timedelta(minutes=10)
    company.token = await fresh_token(company)
    assert kid_of(company.token) == old
    own.clock.forward(minutes=11)
    assert kid_of(await fresh_token(company)) == new
    assert (await own.client.get("/company", headers=company.bearer)).status_code == 200
    own.clock.now += ROTATION.kept
    assert old not in await key_set(own)


async def test_each_purpose_has_keys_of_its_own_and_only_the_public_halves_are_shown(own: World) -> None:
    keys = (await own.client.get(JWKS)).json()["keys"]
    rings, now = own.service.identity.rings, own.clock()
    assert [key["kid"] for key in keys] == [signing_kid(ring, now) for ring in (rings.access, rings.sso)]
    assert [key["alg"] for key in keys] == ["ES256", "RS256"]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for key in keys for name in key}


async def test_two_instances_that_start_at_once_on_an_empty_database_have_one_key_of_each_purpose(
    own: World, tmp_path: Path, redis_server: RedisServer
) -> None:
    database, redis = {"url": f"sqlite:///{tmp_path / 'both.db'}"}, {"url": redis_server.url}
    keys = {"sealing_file": own.folder / "sealing.key", "digest_file": own.folder / "digest.key"}
    issuer = {"url": "http://127.0.0.1:8080"}
    settings = Settings.model_validate({"database": database, "redis": redis, "keys": keys, "issuer": issuer})
    databases = open_databases(urls_of(settings.database))
    await migrate(databases)
    async with AsyncExitStack() as both:
        apps = await asyncio.gather(*(both.enter_async_context(open_all(settings)) for _ in range(2)))
        sets = []
        for app in apps:
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
                sets.append((await client.get(JWKS)).json())
    assert sets[0] == sets[1]
    store = SqlSigningKeys(databases.identity)
    kept = [key.kid for purpose in Purpose for key in await store.all(purpose)]
    assert [key["kid"] for key in sets[0]["keys"]] == kept
    assert len(kept) == 2
    await databases.close()
