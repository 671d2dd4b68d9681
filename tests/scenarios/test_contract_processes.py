"""What holds over several processes, and when the database is the part that fails."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import text

from identity.companies.admission import Admission
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, Ehr
from tests.support.launches import outcome
from tests.support.races import at_once
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem
from tests.support.world import Company, World, open_world

AT_ONCE = 50
ROUNDS = 3


@dataclass(frozen=True)
class Two:
    """Two services with nothing in common but their stores and keys, and one company as it calls either."""

    here: World
    there: World
    company: Company
    elsewhere: Company

    def token(self, **claims: object) -> str:
        """Return a good token."""
        return self.company.ehr.sign(self.here.claims(self.company, **claims))


@pytest.fixture
async def two(tmp_path: Path, redis_server: RedisServer, postgres_server: PostgresServer) -> AsyncIterator[Two]:
    url = await postgres_server.create_database()
    async with (
        open_world(tmp_path, url, redis_server.url) as here,
        open_world(tmp_path, url, redis_server.url) as there,
    ):
        company = await here.company(alg="ES256")
        yield Two(here, there, company, replace(company, client=there.client))


async def test_of_fifty_presentations_to_two_services_exactly_one_is_accepted(two: Two) -> None:
    for _ in range(ROUNDS):
        token = two.token(profInfo=PROFESSIONAL, patientInfo={"bsn": fresh_bsn()})

        async def present(number: int, token: str = token) -> str:
            return outcome(await (two.company, two.elsewhere)[number % 2].launch(token))

        assert Counter(await at_once(AT_ONCE, present)) == {"accepted": 1, "token_replayed": AT_ONCE - 1}


async def test_the_bearer_tokens_of_one_service_are_good_at_the_other(two: Two) -> None:
    assert (await two.elsewhere.create_dossier(fresh_bsn())).status_code == 201


@pytest.mark.alone
async def test_a_key_that_is_revoked_at_one_service_is_refused_at_the_other_within_a_second(two: Two) -> None:
    second = Ehr("ES256")
    body = {"jwk": second.public_jwk()}
    assert (await two.here.client.post("/company/keys", json=body, headers=two.company.bearer)).status_code == 201
    assert (await two.elsewhere.launch(second.sign(two.here.claims(two.company)))).status_code == 200

    await two.here.client.delete(f"/company/keys/{second.kid}", headers=two.company.bearer)

    end = time.monotonic() + 1
    while (answer := await two.elsewhere.launch(second.sign(two.here.claims(two.company)))).status_code == 200:
        assert time.monotonic() < end
    problem(answer, 401, "token_rejected")
    problem(await two.elsewhere.launch(second.sign(two.here.claims(two.company))), 401, "token_rejected")


@pytest.mark.alone
async def test_a_company_that_is_suspended_is_out_at_the_other_service_within_a_second(two: Two) -> None:
    assert (await two.elsewhere.create_dossier(fresh_bsn())).status_code == 201
    admission = Admission(two.here.service.identity.companies.store, two.here.service.ground.audit, two.here.clock)
    await admission.suspend(two.company.company_id)
    end = time.monotonic() + 1
    while (answer := await two.elsewhere.create_dossier(fresh_bsn())).is_success:
        assert time.monotonic() < end
    problem(answer, 401, "not_authenticated")


async def test_a_spent_token_stays_spent_when_a_later_step_fails(tmp_path: Path, redis_server: RedisServer) -> None:
    async with open_world(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}", redis_server.url) as world:
        company = await world.company(alg="ES256")
        token = company.ehr.sign(world.claims(company))
        database = world.service.ground.databases.identity
        async with database.transaction() as connection:
            fail = "CREATE TRIGGER fail BEFORE INSERT ON launches BEGIN SELECT RAISE(ABORT, 'disk'); END"
            await connection.execute(text(fail))
        assert (await company.launch(token)).status_code >= 500
        async with database.transaction() as connection:
            await connection.execute(text("DROP TRIGGER fail"))

        problem(await company.launch(token), 401, "token_replayed")
        assert (await company.launch(company.ehr.sign(world.claims(company)))).status_code == 200


@pytest.fixture
async def on_postgres(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[tuple[World, PostgresServer]]:
    """A service on a PostgreSQL of its own, to stop."""
    with PostgresServer(private=True) as server:
        url = await server.create_database()
        async with open_world(tmp_path, url, redis_server.url) as world:
            yield world, server


async def test_while_the_database_is_down_the_answer_is_503_and_the_token_is_good_afterwards(
    on_postgres: tuple[World, PostgresServer],
) -> None:
    world, server = on_postgres
    company = await world.company(alg="ES256")
    token = company.ehr.sign(world.claims(company))

    server.kill()
    try:
        for answer in (await company.launch(token), await company.create_dossier(fresh_bsn())):
            problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        about = {"token": company.token, "client_id": company.company_id, "client_secret": company.secret}
        revoked = await company.client.post("/auth/revoke", data=about)
        for asked in (await company.fetch_token(), revoked):
            assert (asked.status_code, asked.json()["error"]) == (503, "unavailable")
            assert int(asked.headers["retry-after"]) >= 1
        ready = await world.client.get("/readyz")
        assert (await world.client.get("/healthz")).status_code == 200
    finally:
        server.start()

    assert ready.status_code == 503
    assert ready.json()["failing"] == ["database:dossier", "database:identity", "database:pseudoniem"]
    assert (await world.client.get("/readyz")).status_code == 200
    assert (await company.launch(token)).status_code == 200
    problem(await company.launch(token), 401, "token_replayed")
    assert (await company.client.get("/company", headers=company.bearer)).status_code == 200  # not revoked after all


async def test_the_first_launch_after_postgresql_came_back_is_accepted(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    with PostgresServer(private=True) as server:
        async with open_world(tmp_path, await server.create_database(), redis_server.url) as world:
            company = await world.company(alg="ES256")
            assert (await company.launch(company.ehr.sign(world.claims(company)))).status_code == 200
            server.kill()
            server.start()
            assert (await company.launch(company.ehr.sign(world.claims(company)))).status_code == 200
