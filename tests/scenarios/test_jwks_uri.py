"""Keys that a company publishes behind a URL: what is told, whom they let in, and how one follows another."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from keys import remote
from keys.key_sets.service import COOLDOWN
from services.whole import Whole
from tests.support.audit import said
from tests.support.ehr import PROFESSIONAL, Ehr
from tests.support.key_server import KeyServer, answer, endlessly, key_set, open_key_server
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request, secured
from tests.support.world import Company, World


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    """The server on which an EHR publishes its keys."""
    async with open_key_server() as opened:
        yield opened


@pytest.fixture
async def company(world: World) -> Company:
    """A company with one uploaded key."""
    return await world.company(alg="EdDSA")


@pytest.fixture
def service(world: World) -> Whole:
    return world.service


class Vendor(Ehr):
    """An EHR whose key has a name of the vendor's own choice in its set."""

    def named(self, name: str) -> "Vendor":
        self.kid = name
        return self


def vendor(name: str, alg: str = "EdDSA") -> Vendor:
    return Vendor(alg).named(name)


async def put(company: Company, uri: str) -> httpx2.Response:
    return await company.client.put("/company/jwks-uri", json={"jwksUri": uri}, headers=company.bearer)


async def shown(company: Company) -> httpx2.Response:
    return await company.client.get("/company/jwks-uri", headers=company.bearer)


async def publish(company: Company, server: KeyServer, *keys: Ehr | dict[str, Any]) -> dict[str, Any]:
    """Publish these keys, and have them fetched."""
    server.answers = key_set(*keys)
    answered = await put(company, server.uri)
    assert answered.status_code == 200, answered.text
    members: dict[str, Any] = answered.json()
    return members


async def launch(world: World, company: Company, ehr: Ehr, **header: Any) -> httpx2.Response:
    """Launch with a token of this key that names its company."""
    claims = world.claims(company, iss=company.company_id, profInfo=PROFESSIONAL)
    return await company.launch(ehr.sign(claims, **header))


async def rejected(company: Company, uri: str, reason: str) -> dict[str, Any]:
    members = problem(await put(company, uri), 422, "jwks_uri_rejected")
    assert members["reason"] == reason
    return members


async def test_the_answer_says_which_keys_count_and_what_is_wrong_with_the_others(
    world: World, company: Company, server: KeyServer
) -> None:
    good, bad = vendor("2026-1", "ES256"), {"kty": "oct", "k": "c2VjcmV0"}
    server.answers = key_set(bad, good, good)
    answered = await put(company, server.uri)
    members = answered.json()
    assert (answered.status_code, datetime.fromisoformat(members.pop("fetchedAt"))) == (200, world.clock())
    assert datetime.fromisoformat(members.pop("expiresAt")) == world.clock() + timedelta(days=7)
    assert members == {
        "jwksUri": server.uri,
        "failure": None,
        "keys": [{"kid": "2026-1", "thumbprint": good.key.thumbprint(), "kty": "EC", "alg": "ES256"}],
        "skipped": [{"index": 0, "reason": "symmetric"}, {"index": 2, "reason": "kid"}],
    }
    secured(answered)
    assert (await shown(company)).json() == answered.json()
    assert "c2VjcmV0" not in answered.text
    events = [event["event"] for event in await said(world, answered)]
    assert events == ["jwks_uri.set", "key_set.fetched", "key.published", "key_set.skipped", "key_set.skipped"]


async def test_a_published_key_launches_under_the_name_that_it_has_in_its_set(
    world: World, company: Company, server: KeyServer
) -> None:
    ehr = vendor("key 1")
    await publish(company, server, ehr)
    assert (await launch(world, company, ehr)).status_code == 200
    by_client_id = ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
    assert (await company.launch(by_client_id, clientId=company.company_id)).status_code == 200
    assert (await launch(world, company, company.ehr)).status_code == 200


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384", "EdDSA"])
async def test_a_key_without_an_algorithm_is_good_for_that_of_its_type(
    world: World, company: Company, server: KeyServer, alg: str
) -> None:
    ehr = vendor("one", alg)
    members = await publish(company, server, {**ehr.key.as_dict(private=False), "kid": "one"})
    assert [key["alg"] for key in members["keys"]] == [alg]
    assert (await launch(world, company, ehr)).status_code == 200
    if alg == "RS256":
        other = replace(ehr, alg="PS256").named("one")
        problem(await launch(world, company, other), 401, "token_rejected")


async def test_a_name_alone_never_finds_a_published_key(world: World, company: Company, server: KeyServer) -> None:
    """Neither its own name, nor its thumbprint, nor no name at all with the company's."""
    ehr = vendor("known to all")
    await publish(company, server, ehr)
    claims = world.claims(company)
    for token in (ehr.sign(claims), ehr.sign(claims, kid=ehr.key.thumbprint())):
        problem(await company.launch(token), 401, "token_rejected")
    for kid in (None, ehr.key.thumbprint()):
        problem(await launch(world, company, ehr, kid=kid), 401, "token_rejected")


async def test_one_name_in_two_companies_is_two_keys(world: World, company: Company, server: KeyServer) -> None:
    other = await world.company("Apotheek De Brug", alg="EdDSA")
    mine, theirs = vendor("1"), vendor("1")
    await publish(company, server, mine)
    await publish(other, server, theirs)
    for whose, ehr, status in ((company, mine, 200), (other, theirs, 200), (company, theirs, 401), (other, mine, 401)):
        assert (await launch(world, whose, ehr)).status_code == status


async def test_a_set_with_another_companys_key_gives_nobody_that_companys_launches(
    world: World, company: Company, server: KeyServer
) -> None:
    victim = await world.company("Apotheek De Brug", alg="EdDSA")
    stolen = {**victim.ehr.public_jwk(), "kid": "mine"}
    server.answers = key_set(stolen)
    members = await rejected(company, server.uri, "no_keys")
    assert members["skipped"] == [{"index": 0, "reason": "another_company"}]
    token = victim.ehr.sign(world.claims(victim), kid="mine")
    problem(await company.launch(token, clientId=company.company_id), 401, "token_rejected")
    ours = (await world.client.get("/.well-known/jwks.json")).json()["keys"]
    server.answers = key_set(*({**key, "alg": key["alg"]} for key in ours))
    members = await rejected(company, server.uri, "no_keys")
    assert {one["reason"] for one in members["skipped"]} == {"another_company"}
    before = await state_of(world)
    server.answers = key_set(*({**key, "d": "AAAA"} for key in [*ours, stolen]))
    await rejected(company, server.uri, "no_keys")
    assert not await changed(world, before)


async def test_a_rotation_that_is_announced_refuses_no_token(
    world: World, service: Whole, company: Company, server: KeyServer
) -> None:
    old, new = vendor("2026-1"), vendor("2026-2")
    await publish(company, server, old)
    server.answers = key_set(old, new, Cache_Control="max-age=300")
    world.clock.forward(hours=1)
    await service.identity.key_sets.refresh_due()
    server.asked.clear()
    for ehr in (old, new, old, new):
        assert (await launch(world, company, ehr)).status_code == 200
    await service.identity.key_sets.refresh_due()
    assert server.asked == []
    server.answers = key_set(new)
    world.clock.forward(minutes=5)
    await service.identity.key_sets.refresh_due()
    assert (await launch(world, company, new)).status_code == 200
    problem(await launch(world, company, old), 401, "token_rejected")


async def test_a_key_that_was_not_announced_is_refused_once_and_then_known(
    world: World, service: Whole, company: Company, server: KeyServer
) -> None:
    old, new = vendor("2026-1"), vendor("2026-2")
    await publish(company, server, old)
    world.clock.forward(seconds=COOLDOWN.total_seconds())
    server.answers = key_set(new)
    problem(await launch(world, company, new), 401, "token_rejected")
    await service.identity.key_sets.refresh_due()
    assert (await launch(world, company, new)).status_code == 200


async def test_a_thousand_tokens_with_keys_that_nobody_knows_cause_one_fetch_and_keep_no_launch_waiting(
    world: World, service: Whole, company: Company, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fetch ends when the test says so, and no sooner: who waited for it would wait for ever."""
    monkeypatch.setattr(remote, "SECONDS", 3600.0)
    ehr, goes_on = vendor("known"), asyncio.Event()
    await publish(company, server, ehr)
    world.clock.forward(seconds=COOLDOWN.total_seconds())
    server.asked.clear()

    async def held(writer: asyncio.StreamWriter) -> None:
        await goes_on.wait()
        await key_set(ehr)(writer)

    server.answers = held
    claims = world.claims(company, iss=company.company_id)
    refreshing: list[asyncio.Task[None]] = []
    for round_of in range(10):
        tokens = [ehr.sign(claims, kid=f"unknown-{round_of}-{number}") for number in range(100)]
        answers = await asyncio.gather(*map(company.launch, tokens))
        assert {one.status_code for one in answers} == {401}
        refreshing.append(asyncio.ensure_future(service.identity.key_sets.refresh_due()))
    assert (await launch(world, company, ehr)).status_code == 200
    assert not refreshing[0].done()
    goes_on.set()
    await asyncio.gather(*refreshing)
    assert len(server.asked) == 1


async def test_a_server_that_takes_too_long_is_told_to_the_company_and_its_keys_stay(
    world: World, service: Whole, company: Company, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ehr = vendor("known")
    await publish(company, server, ehr)
    monkeypatch.setattr(remote, "SECONDS", 0.2)
    server.answers = endlessly(b"", b"", 0.05)
    world.clock.forward(seconds=COOLDOWN.total_seconds())
    problem(await launch(world, company, vendor("unknown")), 401, "token_rejected")
    await service.identity.key_sets.refresh_due()
    assert (await shown(company)).json()["failure"] == "timeout"
    assert (await launch(world, company, ehr)).status_code == 200


async def test_nobody_can_have_a_url_fetched_by_a_token(world: World, company: Company, server: KeyServer) -> None:
    """A company without a URL, a company that there is not, and a URL in the header: no server is asked."""
    server.answers = key_set(company.ehr)
    claims = world.claims(company, iss=company.company_id)
    tokens = [
        company.ehr.sign(claims, kid="unknown"),
        company.ehr.sign(claims, kid="unknown", jku=server.uri),
        company.ehr.sign(claims | {"iss": "00000000-0000-4000-8000-000000000000"}, kid="unknown"),
        company.ehr.sign({**claims, "jwks_uri": server.uri}, kid="unknown"),
    ]
    answers = [problem(await company.launch(token), 401, "token_rejected") for token in tokens]
    await world.service.identity.key_sets.refresh_due()
    assert server.connections == 0
    assert len({str(same_but_for_the_request(members)) for members in answers}) == 1


ANSWERS = {
    "status": answer(b"", "404 Not Found"),
    "redirect": answer(b"", "301 Moved Permanently", Location="https://ehr.example/"),
    "malformed": answer(b'{"keys": null}'),
    "no_keys": answer(b'{"keys": []}'),
    "too_many": answer(b'{"keys": [' + b"{}," * 10_000 + b"{}]}"),
    "too_large": answer(b" " * 50_000_000),
    "packed": answer(b"", Content_Encoding="br"),
    "connection": answer(b"{", Content_Length="2"),
}


@pytest.mark.parametrize("reason", ANSWERS)
async def test_a_url_that_gives_no_keys_is_rejected_and_everything_stays_as_it_was(
    world: World, company: Company, server: KeyServer, reason: str
) -> None:
    ehr = vendor("1")
    await publish(company, server, ehr)
    before = await state_of(world)
    server.answers = ANSWERS[reason]
    refused = await put(company, server.uri + "?new")
    assert problem(refused, 422, "jwks_uri_rejected")["reason"] == reason
    assert not await changed(world, before)
    whose = {"company_id": company.company_id, "cause": "jwks_uri_rejected", "rule": reason}
    assert await said(world, refused) == [{"event": "jwks_uri.refused", **whose}]
    assert (await launch(world, company, ehr)).status_code == 200


@pytest.mark.parametrize(
    ("uri", "reason"),
    [("ftp://127.0.0.1/", "scheme"), ("http://user@127.0.0.1/", "url"), ("http://nobody.invalid/", "address")],
)
async def test_a_url_of_another_kind_is_rejected(company: Company, uri: str, reason: str) -> None:
    await rejected(company, uri, reason)
    problem(await shown(company), 404, "not_found")


async def test_a_body_is_a_url_and_nothing_else(company: Company) -> None:
    for body in ({}, {"jwksUri": None}, {"jwksUri": 7}, {"jwksUri": "https://ehr.example/", "jku": "x"}):
        answered = await company.client.put("/company/jwks-uri", json=body, headers=company.bearer)
        problem(answered, 422, "invalid_request")


async def test_only_the_company_itself_with_the_scope_for_keys_may_ask(
    world: World, company: Company, server: KeyServer
) -> None:
    await publish(company, server, vendor("1"))
    other = await world.company("Apotheek De Brug", alg="EdDSA")
    problem(await shown(other), 404, "not_found")
    problem(await other.client.delete("/company/jwks-uri", headers=other.bearer), 404, "not_found")
    token = (await company.fetch_token(scope="dossier:read sso:issue")).json()["access_token"]
    narrow = {"Authorization": f"Bearer {token}"}
    body = {"jwksUri": server.uri}
    for headers, status, code in ((narrow, 403, "permission_denied"), ({}, 401, "not_authenticated")):
        for method in ("GET", "PUT", "DELETE"):
            content = {"json": body} if method == "PUT" else {}
            refused = await world.client.request(method, "/company/jwks-uri", headers=headers, **content)  # type: ignore[arg-type]
            problem(refused, status, code)
    assert (await shown(company)).status_code == 200


async def test_a_company_that_takes_its_url_back_takes_its_keys_back(
    world: World, company: Company, server: KeyServer
) -> None:
    ehr = vendor("1")
    await publish(company, server, ehr)
    removed = await company.client.delete("/company/jwks-uri", headers=company.bearer)
    assert (removed.status_code, removed.content) == (204, b"")
    assert [event["event"] for event in await said(world, removed)] == ["jwks_uri.removed", "key.withdrawn"]
    problem(await launch(world, company, ehr), 401, "token_rejected")
    assert (await launch(world, company, company.ehr)).status_code == 200
    problem(await shown(company), 404, "not_found")


async def test_a_published_key_can_be_revoked_for_ever_by_its_thumbprint(
    world: World, company: Company, server: KeyServer
) -> None:
    leaked, good = vendor("leaked"), vendor("good")
    await publish(company, server, leaked, good)
    listed = await company.client.get("/company/keys", headers=company.bearer)
    assert [key["kid"] for key in listed.json()["items"]] == [company.ehr.kid]
    revoked = await company.client.delete(f"/company/keys/{leaked.key.thumbprint()}", headers=company.bearer)
    assert revoked.status_code == 204
    problem(await launch(world, company, leaked), 401, "token_rejected")
    members = await publish(company, server, leaked, good)
    assert members["skipped"] == [{"index": 0, "reason": "revoked"}]
    problem(await launch(world, company, leaked), 401, "token_rejected")
    assert (await launch(world, company, good)).status_code == 200


async def test_a_second_put_beside_the_first_and_one_that_was_overtaken_are_told_to_ask_again(
    service: Whole, company: Company, server: KeyServer
) -> None:
    await publish(company, server, vendor("1"))
    server.arrived.clear()
    proceed = asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        await proceed.wait()
        await key_set(vendor("2"))(writer)

    server.answers = late
    first = asyncio.ensure_future(put(company, server.uri))
    await server.arrived.wait()
    assert problem(await put(company, server.uri), 429, "rate_limited")
    assert (await company.client.delete("/company/jwks-uri", headers=company.bearer)).status_code == 204
    proceed.set()
    problem(await first, 409, "conflict")
    problem(await shown(company), 404, "not_found")
    sets = service.identity.key_sets
    assert sets.fetcher.resolve is not sets.put_fetcher.resolve  # what a PUT waits for keeps no refresh waiting


async def test_a_company_may_have_its_set_fetched_ten_times_a_minute(
    world: World, company: Company, server: KeyServer
) -> None:
    server.answers = answer(b"", "404 Not Found")
    answers = [await put(company, server.uri) for _ in range(12)]
    assert [one.status_code for one in answers[:10]] == [422] * 10
    assert problem(answers[-1], 429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) > 0
    assert len(server.asked) <= 11
    other = await world.company("Apotheek De Brug", alg="EdDSA")
    await rejected(other, server.uri, "status")
