"""The clock against the token: how a time can be written, and nodes whose clocks do not agree.

The names in front are those of `docs/attacks.md`. What one clock says is in `test_attacks_on_claims.py`; the end of a
spent token's time, and a Redis that forgets, in `test_redis_faults.py`.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from schemas.profiles import CLOCK_ERROR, PROFESSIONAL
from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL as WHO
from tests.support.launches import outcome
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem
from tests.support.world import World, open_world

WRITTEN: dict[str, tuple[str, str]] = {
    "TIM-007 minus nought": ("-0", "token_expired"),
    "TIM-007 4,299 digits": ("9" * 4_299, "claim_rejected"),
    "TIM-007 minus 4,299 digits": ("-" + "9" * 4_299, "token_expired"),
    "TIM-007 as many digits as a double has": ("1" + "0" * 308, "claim_rejected"),
    "TIM-007 the smallest": ("5e-324", "token_expired"),
    "TIM-008 so small that it is nought": ("1e-400", "token_expired"),
    "TIM-008 minus so small that it is nought": ("-1e-400", "token_expired"),
    "TIM-007 with an exponent, far ahead": ("1e300", "claim_rejected"),
    "TIM-006 in microseconds": ("NOW000000", "claim_rejected"),
    "TIM-008 now, with an exponent": ("NOWe0", "accepted"),
    "TIM-008 now, with a fraction of noughts": ("NOW." + "0" * 300, "accepted"),
    "TIM-008 almost half a second ahead": ("NOW.4999", "accepted"),
    "TIM-008 with 300 digits behind the point": ("NOW." + "3" * 300, "accepted"),
    "TIM-007 5,000 digits": ("9" * 5_000, "claim_rejected"),
    "TIM-007 text with an exponent": ('"1e9"', "claim_rejected"),
    "TIM-007 a date": ('"2026-03-04T05:06:07Z"', "claim_rejected"),
    "TIM-007 a list": ("[NOW]", "claim_rejected"),
    "TIM-007 an object": ('{"$numberLong": "NOW"}', "claim_rejected"),
    "TIM-007 with a plus": ("+NOW", "claim_rejected"),
    "TIM-007 with a nought in front": ("0NOW", "claim_rejected"),
    "TIM-007 hexadecimal": ("0x65", "claim_rejected"),
}


@pytest.mark.parametrize("case", WRITTEN)
async def test_however_an_iat_is_written_it_is_one_instant_or_none(bench: Bench, case: str) -> None:
    number, expected = WRITTEN[case]
    claims = json.dumps(bench.claims(iat="IAT")).replace('"IAT"', number)
    token = bench.a.ehr.sign(claims.replace("NOW", str(int(bench.world.clock().timestamp()))).encode())

    answer = await bench.a.launch(token, clientId=bench.a.company_id)

    assert outcome(answer) == expected
    if expected == "accepted":
        problem(await bench.a.launch(token), 401, "token_replayed")


BOUNDS = {
    "TIM-009 exp far away does not make an old token young": ({"iat": -301, "exp": 10**9}, "token_expired"),
    "TIM-009 nbf in the past does not make a future token good": ({"iat": 31, "nbf": -300}, "claim_rejected"),
    "TIM-009 exp before iat": ({"iat": 0, "exp": -300}, "token_expired"),
    "TIM-009 exp before nbf, both within the leeway": ({"iat": 0, "nbf": 20, "exp": -20}, "accepted"),
    "TIM-009 nbf after exp and in the future": ({"iat": 0, "nbf": 31, "exp": -31}, "claim_rejected"),
    "TIM-002 as old as may be, with an exp that has just passed": ({"iat": -300, "exp": 0}, "accepted"),
}


@pytest.mark.parametrize("case", BOUNDS)
async def test_no_time_in_a_token_makes_room_for_another(bench: Bench, case: str) -> None:
    offsets, expected = BOUNDS[case]
    now = bench.world.clock().timestamp()
    token = bench.good(**{claim: now + offset for claim, offset in offsets.items()})
    assert outcome(await bench.a.launch(token)) == expected


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A Redis to flush."""
    with RedisServer(private=True) as server:
        yield server


@pytest.fixture(scope="module")
async def nodes(own_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, World]]:
    """Two nodes of one service, on one database and one Redis, each with a clock of its own."""
    folder = tmp_path_factory.mktemp("nodes")
    url = f"sqlite:///{folder / 'sso.db'}"
    async with open_world(folder, url, own_redis.url) as ahead, open_world(folder, url, own_redis.url) as behind:
        yield ahead, behind


WINDOW = PROFESSIONAL.max_age.total_seconds() + PROFESSIONAL.leeway.total_seconds()
LAST = int(WINDOW + 2 * CLOCK_ERROR.total_seconds()) + 30
START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize("error", [30, int(CLOCK_ERROR.total_seconds())])
@pytest.mark.parametrize("iat", [0, 30])
@pytest.mark.parametrize("forgetful", [False, True], ids=["Redis remembers", "Redis forgets"])
async def test_nodes_whose_clocks_disagree_accept_a_token_once(
    nodes: tuple[World, World], error: int, iat: int, *, forgetful: bool
) -> None:
    """TIM-014, TIM-015, TIM-018: from before either node takes the token to after both have stopped."""
    ahead, behind = nodes
    ahead.clock.now, behind.clock.now = START, START
    company = await ahead.company(alg="ES256")
    claims = ahead.claims(company, iat=int(START.timestamp()) + iat, profInfo=WHO, patientInfo={"bsn": fresh_bsn()})
    token = company.ehr.sign(claims)
    outcomes: list[str] = []
    for second in (*range(-2 * error - 30, LAST, 60), LAST):
        for world, ahead_by in ((behind, -error), (ahead, error)):
            world.clock.now = START
            world.clock.forward(seconds=second + ahead_by)
            answer = await world.client.post("/sso/launch", json={"token": token})
            outcomes.append(outcome(answer))
            if forgetful:
                await world.service.ground.redis.flushall()
    assert outcomes.count("accepted") == 1
    assert set(outcomes) <= {"accepted", "token_replayed", "token_expired", "claim_rejected"}
    assert "token_replayed" in outcomes
    assert outcomes[-2:] == ["token_expired"] * 2
