"""Of one company and jti at most one presentation succeeds, in whatever order requests, replies and losses come.

Hypothesis chooses the order. The spender, its guard, the row's store, the Redis and the databases are the real ones;
what the network does is decided step by step (`tests/support/stepped.py`).
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from common.clock import wall_clock
from common.errors import TokenReplayed, Unavailable
from keys.sealing import KEY_BYTES, Sealer
from schemas.claims import ProfessionalClaims
from schemas.identifiers import CompanyId, LaunchId
from schemas.profiles import PROFESSIONAL
from services.redis_client import open_redis
from sso.launch.store_sql import SqlLaunches
from sso.verifier import replay_redis
from sso.verifier.replay import Spender, spend_key
from sso.verifier.replay_redis import PREFIX, RedisReplayGuard
from sso.verifier.trust import Signer
from sso.verifier.verify import VerifiedToken
from tests.support.databases import kept_company, open_migrated
from tests.support.servers.redis_server import RedisServer
from tests.support.stepped import Fate, SteppedRedis

FATES: tuple[Fate, ...] = ("answered", "answered", "answered", "request lost", "reply lost", "silent", "late")
JTIS = ("one", "two")
NUMBERS = st.integers(0, 7)
SETTINGS = settings(
    max_examples=40, stateful_step_count=20, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


class Stage:
    """What all examples share: an event loop, a Redis, a database and two companies."""

    def __init__(
        self, runner: asyncio.Runner, redis_url: str, launches: SqlLaunches, companies: list[CompanyId]
    ) -> None:
        self.run = runner.run
        self.redis: Redis = open_redis(redis_url)
        self.launches = launches
        self.companies = companies
        self.accepted = 0


class Presentations(RuleBasedStateMachine):
    """Presentations of two tokens of each of two companies, over a network that does what it likes."""

    stage: Stage
    forgetful = False
    """Whether Redis may lose what it holds; then only the row is left."""
    with_row = True

    def __init__(self) -> None:
        super().__init__()
        self.network = SteppedRedis(self.stage.redis)
        self.spender = Spender(RedisReplayGuard(cast(Redis, self.network)))
        self.example = uuid.uuid4().hex
        self.tasks: list[asyncio.Task[None]] = []
        self.successes: Counter[tuple[CompanyId, str]] = Counter()

    @rule(company=st.sampled_from([0, 1]), jti=st.sampled_from(JTIS))
    def present(self, company: int, jti: str) -> None:
        """Somebody presents a token."""

        async def begin() -> None:
            self.tasks.append(asyncio.create_task(self._launch(self.stage.companies[company], f"{self.example}{jti}")))
            await self._settle()

        self.stage.run(begin())

    @precondition(lambda self: self.network.waiting)
    @rule(number=NUMBERS, fate=st.sampled_from(FATES))
    def decide(self, number: int, fate: Fate) -> None:
        """The network carries a command and its reply, or loses either."""

        async def go_on() -> None:
            self.network.decide(number, fate)
            await self._settle()

        self.stage.run(go_on())

    @precondition(lambda self: self.network.under_way)
    @rule(number=NUMBERS)
    def arrive(self, number: int) -> None:
        """A command arrives after its caller has given up."""
        self.stage.run(self.network.arrive(number))

    @precondition(lambda self: self.network.waiting)
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        """A presentation is cancelled where it stands."""

        async def cancel() -> None:
            pending = [task for task in self.tasks if not task.done()]
            pending[number % len(pending)].cancel()
            await self._settle()

        self.stage.run(cancel())

    @precondition(lambda self: self.forgetful)
    @rule()
    def forget(self) -> None:
        """Redis starts again with nothing of this."""

        names = [
            PREFIX + spend_key(PROFESSIONAL.name, company, f"{self.example}{jti}")
            for company in self.stage.companies
            for jti in JTIS
        ]

        async def forget() -> None:
            await self.stage.redis.delete(*names)

        self.stage.run(forget())

    @invariant()
    def each_token_is_accepted_once_at_most(self) -> None:
        assert not self.successes or max(self.successes.values()) == 1

    def teardown(self) -> None:
        async def end() -> None:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

        self.stage.run(end())

    async def _launch(self, company_id: CompanyId, jti: str) -> None:
        claims = ProfessionalClaims.model_validate({"sub": "profID1241", "jti": jti, "iat": 0})
        try:
            spent = await self.spender.spend(VerifiedToken(Signer(company_id, "De Linde"), "kid", claims))
            if self.with_row:
                await self.stage.launches.spend(company_id, spent.jti_digest, LaunchId(uuid.uuid4()), wall_clock())
        except (TokenReplayed, Unavailable):
            return
        self.successes[company_id, jti] += 1
        self.stage.accepted += 1

    async def _settle(self) -> None:
        """Go on until every presentation has ended or waits for the network."""
        while sum(not task.done() for task in self.tasks) > len(self.network.waiting):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)


class RedisAlone(Presentations):
    with_row = False


class RowAlone(Presentations):
    forgetful = True


@pytest.fixture(scope="module")
def stage(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Not async: the machine runs the loop itself, step by step."""
    url = f"sqlite:///{tmp_path_factory.mktemp('interleavings') / 'sso.db'}"
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patched:
        patched.setattr(replay_redis, "_ATTEMPT_SECONDS", 3600.0)  # here it is the network that says when time is up
        opening = open_migrated(url)
        database = runner.run(opening.__aenter__())
        companies = [runner.run(kept_company(database)) for _ in range(2)]
        opened = Stage(runner, redis_server.url, SqlLaunches(database, Sealer(bytes(KEY_BYTES))), companies)
        yield opened
        runner.run(opened.redis.aclose())
        runner.run(opening.__aexit__(None, None, None))


@pytest.mark.parametrize("machine", [RedisAlone, RowAlone])
def test_no_order_of_requests_replies_and_losses_accepts_a_token_twice(
    stage: Stage, machine: type[Presentations]
) -> None:
    machine.stage, before = stage, stage.accepted
    run_state_machine_as_test(machine, settings=SETTINGS)
    assert stage.accepted > before
