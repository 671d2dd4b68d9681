"""The ways to use a spent token again, and to spend one without using it. The names are those of `docs/attacks.md`."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import jws
from tests.support.wire import problem, session_of

Claims = dict[str, Any]
Again = Callable[[Bench, Claims], Awaitable[httpx2.Response]]


async def as_another_token(bench: Bench, claims: Claims) -> httpx2.Response:
    return await bench.a.launch(bench.a.ehr.sign(claims))


async def in_another_form(bench: Bench, claims: Claims) -> httpx2.Response:
    form = {"token": bench.a.ehr.sign(claims), "utm_source": "again"}
    return await bench.world.client.post("/sso/launch", data=form)


async def in_another_style_of_json(bench: Bench, claims: Claims) -> httpx2.Response:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in claims["jti"])
    text = f'{{ "jti" : "{escaped}", "sub": "{claims["sub"]}", "iat": {claims["iat"]}.0 }}'
    return await bench.a.launch(jws(bench.a.ehr.header(), text.encode(), "RS256", bench.a.ehr.key))


async def after_leaving(bench: Bench, claims: Claims) -> httpx2.Response:
    earlier = await bench.a.launch_in_browser(bench.good())
    assert (await bench.world.client.delete("/sso/session", headers=session_of(earlier))).status_code == 204
    return await as_another_token(bench, claims)


async def in_the_browser_that_launched(bench: Bench, claims: Claims) -> httpx2.Response:
    session = session_of(await bench.a.launch_in_browser(bench.good()))
    return await bench.world.client.post("/sso/launch", json={"token": bench.a.ehr.sign(claims)}, headers=session)


AGAIN: dict[str, Again] = {
    "RPL-003 for another sub": lambda bench, claims: as_another_token(bench, {**claims, "sub": "somebody else"}),
    "RPL-003 for another patient": lambda bench, claims: as_another_token(
        bench, {**claims, "patientInfo": {"bsn": fresh_bsn()}}
    ),
    "RPL-003 with a later iat": lambda bench, claims: as_another_token(bench, {**claims, "iat": claims["iat"] + 30}),
    "RPL-003 with an aud": lambda bench, claims: as_another_token(bench, {**claims, "aud": "http://127.0.0.1:8080"}),
    "RPL-003 with an iss": lambda bench, claims: as_another_token(bench, {**claims, "iss": bench.a.company_id}),
    "RPL-003 signed by the second key": lambda bench, claims: bench.a.launch(bench.second.sign(claims)),
    "RPL-003 signed by another algorithm": lambda bench, claims: bench.a.launch(bench.elliptic.sign(claims)),
    "RPL-003 of another type": lambda bench, claims: bench.a.launch(bench.a.ehr.sign(claims, typ="sso+jwt")),
    "RPL-003 without a kid": lambda bench, claims: bench.a.launch(
        bench.a.ehr.sign(claims, kid=None), clientId=bench.a.company_id
    ),
    "RPL-003 with the jti in escapes": in_another_style_of_json,
    "RPL-010 beside its company": lambda bench, claims: bench.a.launch(
        bench.a.ehr.sign(claims), clientId=bench.a.company_id
    ),
    "RPL-016 after leaving": after_leaving,
    "RPL-016 in the browser that launched": in_the_browser_that_launched,
    "RPL-018 in a form": in_another_form,
}


@pytest.mark.parametrize("case", AGAIN)
async def test_a_spent_jti_is_spent_however_it_comes_back(bench: Bench, case: str) -> None:
    claims = bench.claims()
    assert (await bench.a.launch(bench.a.ehr.sign(claims))).status_code == 200
    answer = await AGAIN[case](bench, claims)
    problem(answer, 401, "token_replayed")
    assert "set-cookie" not in answer.headers


async def test_a_token_that_we_signed_and_one_of_the_companys_own_share_its_namespace(bench: Bench) -> None:
    """Whoever's key signed: the company is the same, and so is what it has spent."""
    signed = await bench.world.client.post("/auth/token/professional", json={"sub": "prof1"}, headers=bench.a.bearer)
    assert (await bench.a.launch(bench.good(jti=signed.json()["jti"]))).status_code == 200
    problem(await bench.a.launch(signed.json()["token"]), 401, "token_replayed")


UNSPENT: list[tuple[str, str, dict[str, str]]] = [
    ("RPL-017", "GET", {}),
    ("RPL-018", "HEAD", {}),
    ("RPL-018", "OPTIONS", {}),
    ("RPL-018", "GET", {"Sec-Purpose": "prefetch"}),
    ("RPL-018", "GET", {"Purpose": "prefetch", "X-Moz": "prefetch"}),
    ("RPL-018", "PUT", {"X-HTTP-Method-Override": "POST"}),
]


async def test_no_other_method_spends_a_token(bench: Bench) -> None:
    token = bench.good()
    for attack, method, headers in UNSPENT:
        for sent in ({"params": {"token": token}}, {"content": f"token={token}"}):
            form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
            answer = await bench.world.client.request(method, "/sso/launch", headers=form, **sent)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST"), attack
            assert token not in answer.text
    problem(await bench.world.client.post("/sso/launch", params={"token": token}, json={}), 422, "invalid_request")
    assert (await bench.a.launch(token)).status_code == 200
    problem(await bench.a.launch(token), 401, "token_replayed")


async def test_without_a_jti_there_is_nothing_that_could_be_accepted_once(bench: Bench) -> None:
    """RPL-023."""
    token = bench.good(jti=None)
    for _ in range(2):
        assert problem(await bench.a.launch(token), 401, "claim_rejected")["claim"] == "jti"


async def test_a_token_is_spent_also_behind_twenty_thousand_others(bench: Bench) -> None:
    """RPL-019: nothing makes room for others before its window is over."""
    token, redis = bench.good(), bench.world.service.ground.redis
    assert (await bench.a.launch(token)).status_code == 200
    async with redis.pipeline(transaction=False) as others:
        for number in range(20_000):
            others.set(f"sso:spent:{bench.a.company_id}{number}", b"x" * 32, px=60_000)
        await others.execute()
    problem(await bench.a.launch(token), 401, "token_replayed")
    assert (await redis.info("stats"))["evicted_keys"] == 0
