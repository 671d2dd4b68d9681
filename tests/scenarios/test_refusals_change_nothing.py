"""Whatever is done to a token, and however it is sent: a launch is accepted for who signed it, or changes nothing.

Audit events and counters are no change (see `tests/support/state.py`).
"""

import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.bench import Bench, set_up_bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.mutations import MUTATIONS, mutated, spoiled
from tests.support.servers.redis_server import RedisServer
from tests.support.state import changed, state_of
from tests.support.world import PAGE, open_world

LAUNCHES = 50
BSN = fresh_bsn()

ODD: list[Any] = [
    None,
    0,
    -1,
    1.5,
    10**400,
    True,
    "",
    " ",
    "x" * 256,
    "a\0b",
    "\ud800",
    "\u200b",
    [],
    ["x"],
    {},
    {"bsn": 1},
]
GOOD: dict[str, list[Any]] = {
    "sub": ["profID1", "profID2"],
    "treatmentRelationshipId": ["1", "2", "unknown"],
    "profInfo": [PROFESSIONAL, {}, {"agb": "x"}, {"email": "x"}],
    "patientInfo": [{"bsn": BSN}, {"bsn": "000000000"}, {"firstname": "Peter"}],
    "aud": ["http://127.0.0.1:8080", "https://other.example"],
    "iss": ["A", "B", "x"],
    "jti": ["one", "two"],
    "exp": ["-31", "+0", "+900"],
    "nbf": ["+0", "+31"],
    "iat": ["-301", "-300", "+30", "+31"],
}
"""Claims to draw from, besides the odd ones; "+30" is 30 s from now."""
CLAIM = st.sampled_from(sorted(GOOD)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(GOOD[name] * 4 + ODD))
)
CLAIMS = st.lists(CLAIM, max_size=2).map(dict)
SIGNERS = st.sampled_from(["ehr", "ehr", "second", "pss", "elliptic", "edwards", "retired", "b"])
DONE = st.lists(st.sampled_from(list(MUTATIONS)), max_size=2)
BESIDE = st.sampled_from([None, None, "A", "A", "B", "x", "00000000-0000-0000-0000-000000000000"])
DOORS = st.sampled_from(["json", "form", "page"])


@pytest.fixture(scope="module")
async def alone(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A bench in a service with little in it, so that all of it can be compared after each launch."""
    folder = tmp_path_factory.mktemp("alone")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", redis_server.url) as opened:
        yield await set_up_bench(opened)


def claims_of(bench: Bench, given_claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims with what stands for a company or a time filled in."""
    now = bench.world.clock().timestamp()
    companies = {"A": bench.a.company_id, "B": bench.b.company_id}
    claims = bench.claims()
    for name, value in given_claims.items():
        if name == "iss" and isinstance(value, str):
            claims[name] = companies.get(value, value)
        elif name in {"iat", "exp", "nbf"} and isinstance(value, str) and value[:1] in {"+", "-"}:
            claims[name] = now + float(value)
        else:
            claims[name] = value
    return claims


async def send(bench: Bench, door: str, token: str, beside: str | None) -> httpx2.Response:
    """Launch by one of three doors, with `clientId` beside the token or without."""
    companies = {"A": bench.a.company_id, "B": bench.b.company_id}
    body = {"token": token} | ({} if beside is None else {"clientId": companies.get(beside, beside)})
    if door == "json":
        headers = {"Content-Type": "application/json"}
        return await bench.world.client.post("/sso/launch", content=json.dumps(body), headers=headers)
    return await bench.world.client.post("/sso/launch", data=body, headers=PAGE if door == "page" else {})


@settings(max_examples=LAUNCHES, deadline=None, derandomize=True)
@given(signer=SIGNERS, given_claims=CLAIMS, done=DONE, seed=st.integers(0, 2**32), beside=BESIDE, door=DOORS)
@example(signer="second", given_claims={}, done=[], seed=0, beside=None, door="page")
@example(signer="ehr", given_claims={}, done=["another signature"], seed=0, beside="A", door="form")
@example(signer="pss", given_claims={}, done=["a stranger's signature"], seed=0, beside="A", door="json")
@example(signer="retired", given_claims={}, done=[], seed=0, beside=None, door="json")
async def test_a_launch_is_accepted_for_its_signer_or_changes_nothing(
    alone: Bench, signer: str, given_claims: dict[str, Any], done: list[str], seed: int, beside: str | None, door: str
) -> None:
    signed_by, other = (alone.b, alone.a) if signer == "b" else (alone.a, alone.b)
    ehr = signed_by.ehr if signer in {"ehr", "b"} else getattr(alone, signer)
    token = mutated(ehr, claims_of(alone, given_claims), done, Random(seed))  # noqa: S311 - to be repeated
    before = await state_of(alone.world)

    answer = await send(alone, door, token, beside)

    difference = await changed(alone.world, before)
    if answer.status_code == (303 if door == "page" else 200):
        assert signer != "retired"
        assert not spoiled(done)
        assert signed_by.company_id in str(difference)
        assert other.company_id not in str(difference)
    else:
        assert answer.status_code in {401, 409, 413, 422}, answer.text
        assert given_claims or done or beside or signer == "retired", "a good token was refused"
        assert not difference
        assert "set-cookie" not in answer.headers
        assert BSN not in answer.text
