"""What an attacker gains by doing many things in one moment: nothing. The names are those of `docs/attacks.md`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from identity.companies.admission import Admission
from services import redis_client
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, Ehr
from tests.support.kept import kept
from tests.support.launches import outcome
from tests.support.races import at_once
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import problem, session_of
from tests.support.world import Company, World, open_world

pytestmark = pytest.mark.alone  # they race, or answer within their time, on two cores

MANY = 16


async def test_two_companies_with_the_same_sub_and_jti_at_once_stay_apart(world: World) -> None:
    """CON-014: each browser's session is that of its own company and patient."""
    companies = [await world.company(name, alg="ES256") for name in ("Huisartsenpraktijk De Linde", "Apotheek De Brug")]
    bsns = [fresh_bsn(), fresh_bsn()]

    async def launch(number: int) -> tuple[int, str, str, str]:
        which = number % 2
        told = {"jti": f"jti{number // 2}", "sub": "u1", "profInfo": PROFESSIONAL, "patientInfo": {"bsn": bsns[which]}}
        token = companies[which].ehr.sign(world.claims(companies[which], **told))
        launched = await companies[which].launch_in_browser(token)
        assert launched.status_code == 303, launched.text
        async with world.another_client() as browser:
            shown = (await browser.get("/sso/session", headers=session_of(launched))).json()
        account, pseudoniem = shown["professional"]["accountId"], shown["patient"]["pseudoniem"]
        return which, shown["company"]["companyId"], account, pseudoniem

    seen = set(await at_once(MANY, launch))
    assert {(which, company_id) for which, company_id, *_ in seen} == {
        (which, company.company_id) for which, company in enumerate(companies)
    }
    assert len(seen) == 2  # one account and one pseudoniem for each, and another for the other
    assert len({account for _, _, account, _ in seen}) == len({pseudoniem for *_, pseudoniem in seen}) == 2


async def test_a_key_that_is_revoked_amid_launches_is_refused_from_then_on_and_the_other_goes_on(world: World) -> None:
    """CON-012."""
    company, second = await world.company(alg="ES256"), Ehr("ES256")
    body = {"jwk": second.public_jwk()}
    assert (await world.client.post("/company/keys", json=body, headers=company.bearer)).status_code == 201
    revoked = asyncio.Event()

    async def launch(number: int) -> tuple[str, str]:
        if number == MANY // 2:
            answer = await world.client.delete(f"/company/keys/{second.kid}", headers=company.bearer)
            revoked.set()
            return "revocation", str(answer.status_code)
        key = (company.ehr, second)[number % 2]
        if number > MANY // 2 and key is second:
            await revoked.wait()
        return ("first", "second")[number % 2] + ("" if number < MANY // 2 else ", later"), outcome(
            await company.launch(key.sign(world.claims(company)))
        )

    seen = Counter(await at_once(MANY, launch))
    assert {answer for answer in seen if answer[0] == "revocation"} == {("revocation", "204")}
    assert {code for key, code in seen if key.startswith("first")} == {"accepted"}
    assert {code for key, code in seen if key == "second"} <= {"accepted", "token_rejected"}
    assert {code for key, code in seen if key == "second, later"} == {"token_rejected"}


async def test_a_company_that_is_suspended_amid_launches_is_refused_from_then_on(world: World) -> None:
    """CON-013."""
    company, suspended = await world.company(alg="ES256"), asyncio.Event()
    admission = Admission(world.service.identity.companies.store, world.service.ground.audit, world.clock)

    async def launch(number: int) -> str:
        if number == MANY // 2:
            await admission.suspend(company.company_id)
            suspended.set()
            return "suspended"
        if number > MANY // 2:
            await suspended.wait()
        told = outcome(await company.launch(company.ehr.sign(world.claims(company))))
        return told if number < MANY // 2 else f"{told}, later"

    seen = set(await at_once(MANY, launch))
    assert {answer for answer in seen if answer.endswith(", later")} == {"token_rejected, later"}
    assert seen <= {"suspended", "accepted", "token_rejected", "token_rejected, later"}


@pytest.fixture(scope="module")
async def on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer, postgres_server: PostgresServer
) -> AsyncIterator[World]:
    folder, url = tmp_path_factory.mktemp("cancelled"), await postgres_server.create_database()
    async with open_world(folder, url, redis_server.url) as opened:
        yield opened


@pytest.mark.parametrize("steps", [1, 8, 40])
async def test_launches_that_are_cancelled_half_way_are_whole_or_not_there(on_postgresql: World, steps: int) -> None:
    """CON-008: each is cancelled after a different number of steps; none holds on to a connection."""
    world, company = on_postgresql, await on_postgresql.company(alg="ES256")
    tokens = [company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL)) for _ in range(MANY)]

    async def launch_and_give_up(number: int) -> bool:
        task = asyncio.create_task(company.launch(tokens[number]))
        for _ in range(steps * number // 2):
            await asyncio.sleep(0)
        task.cancel()
        try:
            return (await task).status_code == 200
        except asyncio.CancelledError:
            return False

    accepted = sum(await at_once(MANY, launch_and_give_up))
    found = await kept(world.database_url, company)
    assert accepted <= found.spends == found.launches == found.accepted

    again = Counter([outcome(await company.launch(token)) for token in tokens])
    assert set(again) <= {"accepted", "token_replayed"}
    later = await kept(world.database_url, company)
    assert later.spends == later.launches == later.accepted == found.spends + again["accepted"]
    fresh = await at_once(12, lambda _: company.launch(company.ehr.sign(world.claims(company))))
    assert {answer.status_code for answer in fresh} == {200}


@pytest.fixture
async def narrow(tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A service with two connections to Redis."""
    monkeypatch.setattr(redis_client, "_CONNECTIONS", 2)
    async with open_world(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}", redis_server.url) as opened:
        yield opened


async def test_where_redis_connections_run_out_a_token_is_accepted_or_good_for_later(narrow: World) -> None:
    """CON-009."""
    company: Company = await narrow.company(alg="ES256")
    tokens = [company.ehr.sign(narrow.claims(company)) for _ in range(40)]
    answers = await at_once(40, lambda number: company.launch(tokens[number]))

    first = [outcome(answer) for answer in answers]
    assert set(first) <= {"accepted", "unavailable"}
    assert "accepted" in first
    for answer in answers:
        if answer.status_code != 200:
            problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
    for token, before in zip(tokens, first, strict=True):
        now = outcome(await company.launch(token))
        assert now == "token_replayed" if before == "accepted" else now in {"accepted", "token_replayed"}
