"""Whatever is done to a token: a diagnosis says what a launch of it then answers, and changes nothing itself."""

import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sso.verifier.mending import FLAWS, REFUSALS, RULES
from tests.support.bench import Bench, set_up_bench
from tests.support.bsns import fresh_bsn
from tests.support.diagnosis import STEPS
from tests.support.ehr import PROFESSIONAL
from tests.support.mutations import MUTATIONS, mutated
from tests.support.servers.redis_server import RedisServer
from tests.support.state import changed, state_of
from tests.support.world import open_world

TOKENS = 60
BSN = fresh_bsn()
ODD: list[Any] = [None, 0, -1, 10**400, 1e300, True, "", " ", "x" * 256, "a\0b", "\ud800", [], ["x"], {}, {"bsn": 1}]
VALUES: dict[str, list[Any]] = {
    "sub": ["profID1", "A"],
    "treatmentRelationshipId": ["1", "2", "unknown"],
    "profInfo": [PROFESSIONAL, {"agb": "x"}, {"email": "x"}, {"email": "x" * 300}, {"firstname": "\ud800"}],
    "patientInfo": [{"bsn": BSN}, {"bsn": "000000000"}, {"lastname": None}],
    "aud": ["http://127.0.0.1:8080", ["http://127.0.0.1:8080/sso/launch"], "https://other.example"],
    "iss": ["A", "B", "x"],
    "jti": ["one", "two", "a b"],
    "exp": ["-31", "+0", "+900"],
    "nbf": ["+0", "+31"],
    "iat": ["-301", "-300", "+30", "+31", "milliseconds"],
}
"""Claims to draw from, besides the odd values; "+30" is 30 s from now."""
CLAIM = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(VALUES[name] * 4 + ODD))
)
CLAIMS = st.lists(CLAIM, max_size=2).map(dict)
SIGNERS = st.sampled_from(["ehr", "ehr", "second", "pss", "elliptic", "edwards", "retired", "b"])
DONE = st.lists(st.sampled_from(list(MUTATIONS)), max_size=2)


@pytest.fixture(scope="module")
async def alone(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A bench in a service with little in it, so that all of it can be compared after each diagnosis."""
    folder = tmp_path_factory.mktemp("diagnosed")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", redis_server.url) as opened:
        yield await set_up_bench(opened)


def claims_of(bench: Bench, drawn: dict[str, Any]) -> dict[str, Any]:
    """Return the claims with what stands for a company or a time filled in."""
    now, companies = bench.world.clock().timestamp(), {"A": bench.a.company_id, "B": bench.b.company_id}
    claims = bench.claims()
    for name, value in drawn.items():
        text = value if isinstance(value, str) else ""
        if text == "milliseconds":
            claims[name] = now * 1000
        elif name in {"iat", "exp", "nbf"} and text[:1] in {"+", "-"}:
            claims[name] = now + float(text)
        else:
            claims[name] = companies.get(text, value)
    return claims


async def post(bench: Bench, path: str, **body: str) -> httpx2.Response:
    headers = {"Content-Type": "application/json", **bench.a.bearer}
    return await bench.world.client.post(path, content=json.dumps(body), headers=headers)


def answered(answer: httpx2.Response) -> str:
    """Return at which step a launch failed, by its answer: until the signature that is one and the same."""
    if answer.status_code == 200:
        return "accepted"
    problem = answer.json()
    by_code = {error.code: mending.step.value for error, mending in REFUSALS.items()}
    if problem["code"] == "claim_rejected":
        return RULES[problem["rule"]].step.value
    return by_code.get(problem["code"], str(problem["code"]))


def diagnosed(answer: httpx2.Response) -> str:
    """Return the same by a diagnosis."""
    if answer.status_code != 200:
        return str(answer.json()["code"])
    found = answer.json()
    last = found["steps"][-1]
    assert found["accepted"] == last["ok"]
    if found["accepted"]:
        assert [step["step"] for step in found["steps"]] == STEPS
        return "accepted"
    return "token_rejected" if last["detail"] in {mending.sentence for mending in FLAWS.values()} else last["step"]


@settings(max_examples=TOKENS, deadline=None, derandomize=True)
@given(signer=SIGNERS, drawn=CLAIMS, done=DONE, seed=st.integers(0, 2**32))
@example(signer="ehr", drawn={}, done=[], seed=0)
@example(signer="retired", drawn={}, done=[], seed=0)
@example(signer="b", drawn={"iss": "B"}, done=[], seed=0)
@example(signer="ehr", drawn={"treatmentRelationshipId": "unknown"}, done=[], seed=0)
@example(signer="ehr", drawn={"iat": "milliseconds"}, done=[], seed=0)
async def test_a_diagnosis_agrees_with_the_launch_that_follows(
    alone: Bench, signer: str, drawn: dict[str, Any], done: list[str], seed: int
) -> None:
    ehr = alone.b.ehr if signer == "b" else alone.a.ehr if signer == "ehr" else getattr(alone, signer)
    token = mutated(ehr, claims_of(alone, drawn), done, Random(seed))  # noqa: S311 - to be repeated
    before = await state_of(alone.world)

    told = await post(alone, "/sso/diagnose", token=token)

    assert not await changed(alone.world, before)
    assert BSN not in told.text
    assert PROFESSIONAL["email"] not in told.text
    launched = await post(alone, "/sso/launch", token=token, clientId=alone.a.company_id)
    assert diagnosed(told) == answered(launched), told.text + launched.text
    if launched.status_code == 200:
        assert diagnosed(await post(alone, "/sso/diagnose", token=token)) == "already_used"
