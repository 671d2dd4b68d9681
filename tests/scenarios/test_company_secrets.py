"""A company's secrets: a second one to go over to, an end, a last use, and their revocation."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from identity.companies.service import USE_NOTED
from tests.support.audit import said, said_of
from tests.support.command import Ended, sso
from tests.support.servers.redis_server import RedisServer
from tests.support.state import changed, state_of
from tests.support.wire import oauth_error, problem, secured
from tests.support.world import Company, World, open_world

PATH = "/company/secrets"


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


@pytest.fixture(scope="module")
async def timed(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A service whose clock may be moved forward."""
    folder = tmp_path_factory.mktemp("timed")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", redis_server.url) as opened:
        yield opened


async def without_keys(world: World) -> Company:
    """Return a company that has its first secret and nothing else."""
    registered = (await world.client.post("/company/register", json={"companyName": "De Linde"})).json()
    company = Company(world.client, registered["companyId"], registered["companySecret"], None)  # type: ignore[arg-type]
    company.token = (await company.fetch_token()).json()["access_token"]
    return company


async def make(company: Company, **body: Any) -> dict[str, Any]:
    answer = await company.client.post(PATH, json=body, headers=company.bearer)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def listed(company: Company) -> list[dict[str, Any]]:
    answer = await company.client.get(PATH, headers=company.bearer)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def revoke(company: Company, secret_id: str) -> httpx2.Response:
    return await company.client.delete(f"{PATH}/{secret_id}", headers=company.bearer)


def by_assertion(world: World, company: Company) -> dict[str, str]:
    """Return a token request by the company's key."""
    now = int(world.clock().timestamp())
    own = {"iss": company.company_id, "sub": company.company_id, "aud": "http://127.0.0.1:8080"}
    assertion = company.ehr.sign(own | {"jti": str(uuid4()), "iat": now, "exp": now + 60})
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"grant_type": "client_credentials", "client_assertion_type": kind, "client_assertion": assertion}


async def renew(world: World, company: Company, **form: str) -> None:
    """Give a company a token that is newer than what was revoked."""
    world.clock.forward(seconds=1)
    answer = await company.fetch_token(**form)
    company.token = answer.json()["access_token"]


async def test_a_second_secret_counts_beside_the_first_and_is_shown_once(world: World, company: Company) -> None:
    answer = await company.client.post(PATH, json={"label": "2026"}, headers=company.bearer)
    secured(answer)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert datetime.fromisoformat(made["createdAt"]) == world.clock()
    assert made.keys() == {"id", "companySecret", "label", "createdAt", "expiresAt"}
    for secret in (company.secret, made["companySecret"]):
        assert (await company.fetch_token(client_secret=secret)).status_code == 200

    listing = await company.client.get(PATH, headers=company.bearer)
    assert made["companySecret"] not in listing.text
    first, second = sorted(listing.json()["items"], key=lambda item: item["label"] or "")
    assert first["label"] is None
    assert second == {
        **{name: made[name] for name in ("id", "label", "createdAt", "expiresAt")},
        "lastUsedAt": made["createdAt"],
    }
    [event] = await said(world, answer)
    assert event == {
        "event": "secret.made", "company_id": company.company_id, "secret_id": made["id"], "by_operator": False
    }  # fmt: skip


async def test_there_is_no_third_secret_until_one_of_the_two_is_revoked(timed: World) -> None:
    company = await timed.company(alg="ES256")
    made = await make(company)
    before = await state_of(timed)
    third = await company.client.post(PATH, json={}, headers=company.bearer)
    assert problem(third, 422, "secret_rejected")["reason"] == "too_many"
    assert not await changed(timed, before)
    assert [event["cause"] for event in await said(timed, third)] == ["secret_rejected"]
    assert (await revoke(company, made["id"])).status_code == 204
    await renew(timed, company)
    await make(company)


async def test_a_revoked_secret_opens_nothing_from_the_next_request_on(timed: World) -> None:
    company = await timed.company(alg="ES256")
    [first], made = await listed(company), await make(company)
    answer = await revoke(company, first["id"])
    assert (answer.status_code, answer.content) == (204, b"")
    oauth_error(await company.fetch_token(client_secret=company.secret), 401, "invalid_client")
    assert (await company.fetch_token(client_secret=made["companySecret"])).status_code == 200
    assert [event["event"] for event in await said(timed, answer)] == ["secret.revoked"]
    await renew(timed, company, client_secret=made["companySecret"])
    assert [item["id"] for item in await listed(company)] == [made["id"]]
    problem(await revoke(company, first["id"]), 404, "not_found")


MANAGING: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", PATH, {}),
    ("DELETE", f"{PATH}/{uuid4()}", None),
    ("POST", "/company/keys", {"jwk": {}}),
    ("DELETE", "/company/keys/x", None),
    ("PUT", "/company/jwks-uri", {"jwksUri": "https://ehr.example/jwks"}),
    ("DELETE", "/company/jwks-uri", None),
]


async def test_a_token_from_before_the_revocation_of_a_secret_makes_no_way_back_in(timed: World) -> None:
    """Whoever had the secret may have a token that it got."""
    company = await timed.company(alg="ES256")
    [first], made = await listed(company), await make(company)
    assert (await revoke(company, first["id"])).status_code == 204
    fetched = await company.fetch_token(client_secret=made["companySecret"])  # in the same second: it may be either
    for token in (company.token, fetched.json()["access_token"]):
        before = await state_of(timed)
        for method, path, body in MANAGING:
            header = {"Authorization": f"Bearer {token}"}
            answer = await company.client.request(method, path, json=body, headers=header)
            assert "fetch a new one" in problem(answer, 401, "not_authenticated")["detail"], path
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]
            [event] = await said(timed, answer)
            assert (event["event"], event["cause"]) == ("bearer.refused", "secret_revoked")
        assert not await changed(timed, before)
        assert (await company.client.get("/company", headers=header)).status_code == 200

    await renew(timed, company, client_secret=made["companySecret"])
    await make(company)
    assert len(await listed(company)) == 2


@pytest.mark.parametrize("path", ["/auth/introspect", "/auth/revoke"])
async def test_a_use_of_a_secret_to_ask_about_a_token_is_a_use(timed: World, path: str) -> None:
    company = await timed.company(alg="ES256")
    company.token = (await company.fetch_token()).json()["access_token"]

    async def ask() -> datetime:
        answer = await company.client.post(path, data={"token": "x"}, headers=company.basic)
        assert answer.status_code == 200
        [secret] = await listed(company)
        return datetime.fromisoformat(secret["lastUsedAt"])

    began = timed.clock()
    timed.clock.forward(minutes=14)  # not due yet: that is as long as the token lasts, so the next one is fetched
    before = await state_of(timed)
    assert await ask() == began
    assert not await changed(timed, before)
    timed.clock.forward(minutes=46)
    form = by_assertion(timed, company)
    company.token = (await company.client.post("/auth/token", data=form)).json()["access_token"]
    assert await ask() == timed.clock()


async def test_a_secret_ends_at_its_time_and_makes_room(timed: World) -> None:
    company = await timed.company(alg="ES256")
    made = await make(company, expiresInDays=30)
    ends = datetime.fromisoformat(made["expiresAt"])
    assert ends == timed.clock() + timedelta(days=30)
    timed.clock.now = ends - timedelta(seconds=1)
    assert (await company.fetch_token(client_secret=made["companySecret"])).status_code == 200
    timed.clock.now = ends
    oauth_error(await company.fetch_token(client_secret=made["companySecret"]), 401, "invalid_client")
    company.token = (await company.fetch_token()).json()["access_token"]
    assert made["id"] not in {item["id"] for item in await listed(company)}
    problem(await revoke(company, made["id"]), 404, "not_found")
    await make(company)
    assert len(await listed(company)) == 2


async def test_the_only_secret_of_a_company_without_a_key_stays(timed: World) -> None:
    company = await without_keys(timed)
    [first] = await listed(company)
    before = await state_of(timed)
    problem(await revoke(company, first["id"]), 409, "conflict")
    assert not await changed(timed, before)
    second = await make(company)
    assert (await revoke(company, first["id"])).status_code == 204
    await renew(timed, company, client_secret=second["companySecret"])
    problem(await revoke(company, second["id"]), 409, "conflict")


async def test_a_company_that_has_a_key_can_do_without_a_secret(timed: World) -> None:
    company = await timed.company(alg="ES256")
    [first] = await listed(company)
    assert (await revoke(company, first["id"])).status_code == 204
    oauth_error(await company.fetch_token(), 401, "invalid_client")
    timed.clock.forward(seconds=1)
    company.token = (await company.client.post("/auth/token", data=by_assertion(timed, company))).json()["access_token"]
    assert await listed(company) == []


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({"expiresInDays": 0}, "/expiresInDays", "range"),
        ({"expiresInDays": 3651}, "/expiresInDays", "range"),
        ({"expiresInDays": 1.5}, "/expiresInDays", "type"),
        ({"expiresInDays": True}, "/expiresInDays", "type"),
        ({"expiresInDays": None}, "/expiresInDays", "null"),
        ({"label": "x" * 256}, "/label", "too_long"),
        ({"companySecret": "one that I thought of myself, and long"}, "/companySecret", "unknown_member"),
    ],
    ids=str,
)
async def test_a_request_against_the_rules_makes_nothing(
    company: Company, body: dict[str, Any], pointer: str, rule: str
) -> None:
    answer = await company.client.post(PATH, json=body, headers=company.bearer)
    assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": pointer, "rule": rule}]
    assert len(await listed(company)) == 1


async def test_another_companys_secret_is_as_absent_as_nobodys(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    [theirs] = await listed(other)
    for name in (theirs["id"], str(uuid4()), "x", theirs["id"].upper()):
        problem(await revoke(company, name), 404, "not_found")
    assert (await other.fetch_token()).status_code == 200


async def test_the_last_use_is_kept_once_an_hour_and_only_of_the_secret_that_was_used(
    timed: World,
) -> None:
    company = await timed.company(alg="ES256")
    made, began = await make(company), timed.clock()

    async def last_uses() -> list[datetime | None]:
        """Of the first secret, and of the other."""
        used = {item["id"] == made["id"]: item["lastUsedAt"] for item in await listed(company)}
        return [datetime.fromisoformat(time) if time else None for time in (used[False], used[True])]

    assert await last_uses() == [began, None]
    timed.clock.forward(seconds=USE_NOTED.total_seconds() - 1)
    company.token = (await company.fetch_token()).json()["access_token"]
    assert await last_uses() == [began, None]
    timed.clock.forward(seconds=1)
    await company.fetch_token(client_secret=made["companySecret"])
    await company.fetch_token(scope="no such scope")  # which gets no token
    assert await last_uses() == [began, timed.clock()]
    await company.fetch_token()
    assert await last_uses() == [timed.clock()] * 2


async def test_a_token_by_an_assertion_is_no_use_of_a_secret(timed: World) -> None:
    company = await timed.company(alg="ES256")
    [before] = await listed(company)
    timed.clock.forward(hours=2)
    answer = await company.client.post("/auth/token", data=by_assertion(timed, company))
    company.token = answer.json()["access_token"]
    assert (await listed(company))[0]["lastUsedAt"] == before["lastUsedAt"]


async def operator(world: World, *arguments: str) -> Ended:
    """Run `sso company secret …` as an operator of this service does."""
    return await asyncio.to_thread(sso, "company", "secret", *arguments, SSO_DATABASE__URL=world.database_url)


async def test_an_operator_helps_a_company_that_has_lost_its_secret(world: World) -> None:
    company = await without_keys(world)
    [lost] = await listed(company)
    added = await operator(world, "add", company.company_id, "--label", "by phone", "--expires-in-days", "30")
    secret = added.out.strip()
    assert (added.code, (await company.fetch_token(client_secret=secret)).status_code) == (0, 200)
    assert secret not in added.err

    shown = await operator(world, "list", company.company_id)
    assert secret not in shown.out
    assert [line.split()[0] for line in shown.out.splitlines()] == [item["id"] for item in await listed(company)]
    assert "by phone" in shown.out
    assert (await operator(world, "add", company.company_id)).code == 1  # there are two
    [kept] = [item for item in await listed(company) if item["id"] != lost["id"]]

    assert (await operator(world, "revoke", company.company_id, lost["id"])).code == 0
    oauth_error(await company.fetch_token(), 401, "invalid_client")
    problem(await company.client.get(PATH, headers=company.bearer), 401, "not_authenticated")
    assert "make another secret first" in (await operator(world, "revoke", company.company_id, kept["id"])).err
    events = [event for event in await said_of(world, company.company_id) if event["event"].startswith("secret.")]
    assert [(event["event"], event.get("by_operator")) for event in events] == [
        ("secret.made", True),
        ("secret.refused", None),
        ("secret.revoked", True),
        ("secret.refused", None),
    ]


@pytest.mark.parametrize("arguments", [("list",), ("add",), ("revoke",)], ids=str)
async def test_an_operator_is_told_of_an_id_that_is_nobodys(world: World, arguments: tuple[str, ...]) -> None:
    further = [str(uuid4())] if arguments == ("revoke",) else []
    for unknown in (str(uuid4()), "no id"):
        ended = await operator(world, *arguments, unknown, *further)
        assert (ended.code, ended.err) == (1, "sso: There is no company with this id.\n")
