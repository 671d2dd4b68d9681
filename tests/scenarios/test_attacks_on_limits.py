"""Too much of everything: bytes, dots, fields, brackets, names, refusals. The names are those of `docs/attacks.md`."""

import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from common.settings import LimitSettings
from tests.support.bench import Bench, Forge, refused_like_all_others
from tests.support.ehr import flip
from tests.support.endpoints import FORM, LAUNCH, send
from tests.support.logs import log_of
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem
from tests.support.world import ISSUER, World, open_world

MILLION = 10**6

LARGE_BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "LIM-003 a million dots": (b"token=" + b"." * MILLION, FORM),
    "LIM-003 ten million dots": (b"token=" + b"." * 10 * MILLION, FORM),
    "LIM-009 a hundred thousand fields": (b"&".join(b"f%d=1" % number for number in range(100_000)), FORM),
    "LIM-009 a field of ten megabytes": (b"token=" + b"x" * 10 * MILLION, FORM),
    "LIM-001 a megabyte of JSON": (b'{"token": "' + b"x" * MILLION + b'"}', {}),
    "LIM-001 ten megabytes of white space": (b" " * 10 * MILLION, {}),
}


@pytest.mark.parametrize("attack", LARGE_BODIES)
async def test_what_is_too_large_is_not_looked_at(bench: Bench, attack: str) -> None:
    content, headers = LARGE_BODIES[attack]

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    for body in (content, pieces()):
        problem(await send(bench, LAUNCH, body, **headers), 413, "body_too_large")


def nested(bench: Bench, depth: int) -> str:
    return bench.header_text('{"alg":"RS256","kid":"KID","x":' + "[" * depth + "]" * depth + "}")


REFUSED: dict[str, Forge] = {
    "LIM-003 as many dots as a body holds": lambda _: "." * 60_000,
    "LIM-004 a header of 300 levels, too long": lambda bench: nested(bench, 400),
    "LIM-004 a header that does not end": lambda bench: bench.header_text(
        '{"alg":"RS256","kid":"KID","x":' + "[" * 300
    ),
    "LIM-007 three thousand claims": lambda bench: bench.good(**{f"c{number}": 1 for number in range(3_000)}),
    "LIM-007 a claim of 30 KB": lambda bench: bench.good(more="x" * 30_000),
    "LIM-016 a token of five parts": lambda bench: f"{bench.good()}.AAAA.AAAA",
}


@pytest.mark.parametrize("attack", REFUSED)
async def test_a_token_that_is_too_much_is_refused_like_a_forgery(bench: Bench, attack: str) -> None:
    await refused_like_all_others(bench, REFUSED[attack](bench))


async def test_what_is_much_and_not_too_much_does_no_harm(bench: Bench) -> None:
    """LIM-004, LIM-007, LIM-008: within 8 KiB."""
    good = {
        "levels in the header": nested(bench, 180),
        "claims": bench.good(**{f"c{number}": 1 for number in range(400)}),
        "figures": bench.good(more=[1e308] * 500),
        "levels": bench.a.ehr.sign(json.dumps(bench.claims())[:-1].encode() + b',"x":' + b"[" * 99 + b"]" * 99 + b"}"),
    }
    for what, token in good.items():
        assert (await bench.a.launch(token)).status_code == 200, what
    digits = json.dumps(bench.claims())[:-1].encode() + b',"x":' + b"9" * 5000 + b"}"
    refused = await bench.a.launch(bench.a.ehr.sign(digits), clientId=bench.a.company_id)
    assert problem(refused, 401, "claim_rejected")["rule"] == "json"


async def test_a_refused_launch_writes_less_than_a_kilobyte_to_the_log(bench: Bench) -> None:
    """LIM-017: whatever its size."""
    attacks = [flip(bench.good(), 2), bench.good(sub=""), "x", "." * 60_000, bench.kid("k" * 600), bench.good(iat=1)]
    attacks.append(bench.good(jti="j" * 7000))
    with log_of() as log:
        for token in attacks:
            assert (await bench.a.launch(token)).status_code == 401
    assert log.getvalue().count('"request"') == len(attacks)
    assert len(log.getvalue()) < 1024 * len(attacks)


async def test_no_name_that_a_stranger_makes_up_becomes_a_figure(bench: Bench) -> None:
    """LIM-018: as many series after as before."""

    async def odd_requests() -> None:
        for _ in range(5):
            odd = uuid.uuid4().hex
            await bench.a.launch(bench.kid(odd))
            await bench.a.launch(bench.good(), clientId=odd)
            await bench.world.client.get(f"/{odd}", headers={"User-Agent": odd})
            await bench.world.client.get(f"/dossier/{odd}", headers=bench.a.bearer)
            await bench.world.client.request(odd[:8].upper(), f"/errors/{odd}", headers={"Host": odd})

    async def series() -> int:
        shown = await bench.world.client.get("/metrics")
        return len(re.findall(r"^sso_", shown.text, re.MULTILINE))

    await odd_requests()
    await series()
    before = await series()
    await odd_requests()
    assert await series() == before


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[World]:
    """A service where each address and company has little."""
    few = LimitSettings(launches=20, token_requests=20, refusals=5)
    with RedisServer(private=True) as redis:
        async with open_world(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}", redis.url, few) as opened:
            yield opened


async def test_a_flood_of_bad_signatures_from_one_address_is_not_verified_and_keeps_no_other_out(strict: World) -> None:
    """LIM-013; how long the others' launches take: `make bench-flood`."""
    company = await strict.company(alg="ES256")
    flooded = flip(company.ehr.sign(strict.claims(company)), 2)
    elsewhere = httpx2.ASGITransport(strict.app, client=("192.0.2.7", 1))
    async with httpx2.AsyncClient(transport=elsewhere, base_url=ISSUER) as flooder:
        told = [(await replace(company, client=flooder).launch(flooded)).status_code for _ in range(12)]
        good = await replace(company, client=flooder).launch(company.ehr.sign(strict.claims(company)))
    assert (told[:5], told[-5:]) == ([401] * 5, [429] * 5)
    problem(good, 429, "rate_limited")
    assert (await company.launch(company.ehr.sign(strict.claims(company)))).status_code == 200


async def test_what_a_company_may_launch_bounds_what_redis_has_to_remember(strict: World) -> None:
    """LIM-014: so many keys, and each of them with an end; what is beyond is 429 and leaves none."""
    company, redis = await strict.company(alg="ES256"), strict.service.ground.redis
    answers = [await company.launch(company.ehr.sign(strict.claims(company))) for _ in range(25)]
    assert [answer.status_code for answer in answers].count(200) == 20
    keys = [key async for key in redis.scan_iter("sso:spent:*")]
    assert len(keys) == 20
    assert all([0 < await redis.ttl(key) <= 450 for key in keys])
