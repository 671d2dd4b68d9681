"""Whatever happens to the Redis: no token is accepted twice, and none is lost without need."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from sqlalchemy import delete

from keys.service_keys import read_private_key
from services.own_services import TOKEN_PATH
from services.peers.token import FetchedToken, token_client
from sso.launch.store_sql import spends
from tests.support.bsns import fresh_bsn
from tests.support.diagnosis import diagnose, diagnosis, failing
from tests.support.ehr import PROFESSIONAL, flip
from tests.support.launches import one_is_accepted, outcome
from tests.support.servers.redis_server import RedisServer
from tests.support.service_assertions import service_assertion
from tests.support.state import changed, state_of
from tests.support.wire import problem
from tests.support.world import ISSUER, KEYED, PAGE, Company, World, open_world

pytestmark = pytest.mark.alone  # they race, or answer within their time, on two cores

AT_ONCE = 50


async def test_a_flushed_redis_lets_no_token_in_twice(lonely: World) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": fresh_bsn()}))
    assert (await company.launch(token)).status_code == 200

    await lonely.service.ground.redis.flushall()
    before = await state_of(lonely)

    problem(await company.launch(token), 401, "token_replayed")
    assert not await changed(lonely, before)
    await one_is_accepted(company, [company.ehr.sign(lonely.claims(company))] * 3)


async def test_redis_refuses_a_replay_by_itself_and_remembers_longer_than_any_clock_accepts(lonely: World) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company))
    redis, database = lonely.service.ground.redis, lonely.service.ground.databases.identity
    before = {key async for key in redis.scan_iter()}
    assert (await company.launch(token)).status_code == 200
    (key,) = {key async for key in redis.scan_iter("sso:spent:*")} - before
    assert 440 < await redis.ttl(key) <= 450  # 300 s of age, 30 s of leeway, and 60 s of clock error on either side

    async with database.transaction() as connection:
        await connection.execute(delete(spends))

    problem(await company.launch(token), 401, "token_replayed")


async def test_after_a_restart_of_redis_empty_handed_fifty_replays_are_refused(
    lonely: World, own_redis: RedisServer
) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company))
    assert (await company.launch(token)).status_code == 200

    own_redis.kill()
    own_redis.start()
    await asyncio.sleep(0.02)  # the client hears that its connections ended
    assert await lonely.service.ground.redis.dbsize() == 0

    answers = await asyncio.gather(*(company.launch(token) for _ in range(AT_ONCE)))
    assert {outcome(answer) for answer in answers} <= {"token_replayed"}


async def test_while_redis_is_down_nothing_is_accepted_and_afterwards_the_token_is_good_again(
    lonely: World, own_redis: RedisServer
) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company))
    before = await state_of(lonely)

    own_redis.kill()
    try:
        await nothing_is_accepted(company, token)
    finally:
        own_redis.start()

    assert not await changed(lonely, before)
    await one_is_accepted(company, [token] * 3)


async def test_while_redis_hangs_nothing_is_accepted_and_afterwards_the_token_at_most_once(
    lonely: World, own_redis: RedisServer
) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company))
    before = await state_of(lonely)

    own_redis.pause()
    try:
        await nothing_is_accepted(company, token)
    finally:
        own_redis.resume()

    assert set(await changed(lonely, before)) <= {"redis"}  # the spend may have arrived late
    answers = Counter([outcome(await company.launch(token)) for _ in range(3)])
    assert answers["accepted"] <= 1
    assert answers["accepted"] + answers["token_replayed"] == 3
    await one_is_accepted(company, [company.ehr.sign(lonely.claims(company))] * 3)


@pytest.mark.parametrize("fault", ["down", "hung"])
async def test_without_redis_a_service_of_ours_has_its_token_in_time_and_its_assertion_counts_once(
    lonely: World, own_redis: RedisServer, fault: str
) -> None:
    key = read_private_key(lonely.folder / f"{KEYED}.private.pem")
    form = service_assertion(KEYED, key, ISSUER, lonely.clock())
    if fault == "down":
        own_redis.kill()
    else:
        own_redis.pause()
    try:
        async with token_client(KEYED, key, ISSUER, lonely.clock, lonely.network()) as client:
            assert await FetchedToken(client, f"{ISSUER}{TOKEN_PATH}").get()  # which waits for half a second
        answers = [await lonely.client.post(TOKEN_PATH, data=form) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 401]
    finally:
        if fault == "down":
            own_redis.start()
        else:
            own_redis.resume()


async def test_while_redis_is_down_a_diagnosis_says_what_it_can_and_never_that_a_token_is_unused(
    lonely: World, own_redis: RedisServer
) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company))
    own_redis.kill()
    try:
        started = time.monotonic()
        problem(await diagnose(company, token), 503, "unavailable")
        assert time.monotonic() - started < 1
        assert (await failing(company, flip(token, 1)))[0] == "signature"
    finally:
        own_redis.start()
    assert (await diagnosis(company, token))["accepted"]


async def test_a_diagnosis_finds_a_spend_in_redis_alone_and_in_the_database_alone(lonely: World) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company))
    assert (await company.launch(token)).status_code == 200
    async with lonely.service.ground.databases.identity.transaction() as connection:
        await connection.execute(delete(spends))
    assert (await failing(company, token))[0] == "already_used"

    token = company.ehr.sign(lonely.claims(company))
    assert (await company.launch(token)).status_code == 200
    await lonely.service.ground.redis.flushall()
    assert (await failing(company, token))[0] == "already_used"


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
        ("ACL SETUSER default -set", "ACL SETUSER default +set"),
    ],
    ids=["full", "read-only", "without replicas", "not allowed to write"],
)
async def test_a_redis_that_cannot_write_accepts_nothing_and_spends_nothing(
    lonely: World, fault: str, cure: str
) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company))

    command: Callable[..., Awaitable[object]] = lonely.service.ground.redis.execute_command
    await command(*fault.split())
    try:
        await nothing_is_accepted(company, token)
    finally:
        await command(*cure.split())

    await one_is_accepted(company, [token] * 3)


async def test_a_replay_is_refused_to_the_end_of_the_tokens_time_and_expired_after_it(
    lonely: World,
) -> None:
    company = await lonely.company(alg="ES256")
    token = company.ehr.sign(lonely.claims(company, iat=int(lonely.clock().timestamp()) + 30))
    assert (await company.launch(token)).status_code == 200

    lonely.clock.forward(seconds=330)
    problem(await company.launch(token), 401, "token_replayed")
    lonely.clock.forward(seconds=1)
    problem(await company.launch(token), 401, "token_expired")


async def test_bearer_tokens_keep_working_while_redis_is_down(lonely: World, own_redis: RedisServer) -> None:
    company = await lonely.company(alg="ES256")
    own_redis.kill()
    try:
        assert (await company.create_dossier(fresh_bsn())).status_code == 201
        revoked = await company.client.post("/auth/revoke", data={"token": company.token}, headers=company.bearer)
        assert revoked.status_code == 200
        problem(await company.create_dossier(fresh_bsn()), 401, "not_authenticated")
        assert (await lonely.client.get("/healthz")).status_code == 200
        ready = await lonely.client.get("/readyz")
    finally:
        own_redis.start()
    assert (ready.status_code, ready.json()["failing"]) == (503, ["redis"])
    assert (await lonely.client.get("/readyz")).status_code == 200


async def test_what_is_ended_while_redis_is_down_is_over_at_once(lonely: World, own_redis: RedisServer) -> None:
    company, bsn = await lonely.company(alg="ES256"), fresh_bsn()
    contexts = []
    for name in ("ended", "1532"):
        claims = lonely.claims(
            company, sub=name, profInfo=PROFESSIONAL, treatmentRelationshipId=name, patientInfo={"bsn": bsn}
        )
        contexts.append((await company.launch(company.ehr.sign(claims))).json())
    launched = [{"Authorization": f"Bearer {context['accessToken']}"} for context in contexts]
    own_redis.kill()
    try:
        before = [(await lonely.client.get("/dossier", headers=bearer)).status_code for bearer in launched]
        for path in ("/api/v1/treatment_relationships/ended", "/company/professionals/1532"):
            assert (await lonely.client.delete(path, headers=company.bearer)).status_code == 204
        after = [await lonely.client.get("/dossier", headers=bearer) for bearer in launched]
    finally:
        own_redis.start()
    assert before == [200, 200]
    for answer in after:
        problem(answer, 401, "not_authenticated")


async def nothing_is_accepted(company: Company, token: str) -> None:
    """Check that a launch is refused as `unavailable` within a second, for a back end and for a browser."""
    started = time.monotonic()
    members = problem(await company.launch(token), 503, "unavailable")
    assert time.monotonic() - started < 1
    assert "redis" not in str(members).lower()
    in_browser = await company.client.post("/sso/launch", data={"token": token}, headers=PAGE)
    for answer in (await company.launch(token), in_browser):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert "set-cookie" not in answer.headers


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A Redis to pause, kill and flush; it keeps nothing over a restart."""
    with RedisServer(private=True) as server:
        yield server


@pytest.fixture(scope="module")
async def lonely(own_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A service on that Redis, whose clock may be moved forward."""
    folder = tmp_path_factory.mktemp("lonely")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", own_redis.url) as opened:
        yield opened
