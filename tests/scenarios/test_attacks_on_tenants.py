"""Attacks across companies: whatever a company names, writes or pages through, it is its own or is not there."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from services.openapi.catalogue import AREAS
from services.openapi.operation import Caller
from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.patient import choose
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request


@dataclass(frozen=True)
class Held:
    """What company B holds: a dossier that its patient approved, a cursor, and a secret.

    A professional and a treatment relationship of B have the id of that dossier, too.
    """

    bsn: str
    dossier_id: str
    cursor: str
    secret_id: str


@pytest.fixture
async def held(bench: Bench) -> Held:
    bsn = fresh_bsn()
    dossier = (await bench.b.create_dossier(bsn)).json()["dossierId"]
    await bench.b.create_dossier(fresh_bsn())
    await choose(bench.world, bsn, dossier, "approved")
    named = {"sub": dossier, "treatmentRelationshipId": dossier, "profInfo": PROFESSIONAL, "patientInfo": {"bsn": bsn}}
    launched = await bench.b.launch(bench.b.ehr.sign(bench.world.claims(bench.b, **named)))
    assert launched.status_code == 200, launched.text
    page = await bench.world.client.get("/dossier?limit=1", headers=bench.b.bearer)
    secrets = await bench.world.client.get("/company/secrets", headers=bench.b.bearer)
    return Held(bsn, dossier, page.json()["nextCursor"], secrets.json()["items"][0]["id"])


async def ask(bench: Bench, method: str, path: str, body: Any = None) -> httpx2.Response:
    return await bench.world.client.request(method, path, json=body, headers=bench.a.bearer)


# id, what A asks, and what comes back: a status and a code, the same as for what is nowhere
AT_ANOTHERS: list[tuple[str, str, str, int, str]] = [
    ("TEN-004 B's dossier by its id", "GET", "/dossier/{dossier}", 404, "not_found"),
    ("TEN-004 with a parameter that names B", "GET", "/dossier/{dossier}?companyId={b}", 404, "not_found"),
    ("TEN-004 B's treatment relationship", "GET", "/api/v1/treatment_relationships/{dossier}", 404, "not_found"),
    (
        "TEN-006 B's treatment relationship, ended",
        "DELETE",
        "/api/v1/treatment_relationships/{dossier}",
        404,
        "not_found",
    ),
    ("TEN-006 the link of B's professional, undone", "DELETE", "/company/professionals/{dossier}", 404, "not_found"),
    ("TEN-006 a consent on it", "POST", "/dossier/{dossier}/consents", 404, "not_found"),
    ("TEN-006 its permission, set", "PUT", "/dossier/{bsn}/permission", 405, "method_not_allowed"),
    ("TEN-006 its permission, taken away", "DELETE", "/dossier/{bsn}/permission", 405, "method_not_allowed"),
    ("TEN-006 the dossier, changed", "PATCH", "/dossier/{dossier}", 405, "method_not_allowed"),
    ("TEN-006 the dossier, deleted by its patient", "DELETE", "/dossier/{bsn}", 404, "not_found"),
    ("TEN-008 the permission that B has", "GET", "/dossier/{bsn}/permission", 403, "consent_missing"),
    ("TEN-008 the same, with B in a parameter", "GET", "/dossier/{bsn}/permission?company={b}", 403, "consent_missing"),
    ("KEY-020 B's key, revoked", "DELETE", "/company/keys/{kid}", 404, "not_found"),
    ("KEY-020 B's secret, revoked", "DELETE", "/company/secrets/{secret}", 404, "not_found"),
    ("KEY-020 B's secrets, under its id", "GET", "/company/{b}/secrets", 404, "not_found"),
    ("KEY-020 B's keys, under its id", "GET", "/company/{b}/keys", 404, "not_found"),
]


@pytest.mark.parametrize("row", AT_ANOTHERS, ids=lambda row: row[0])
async def test_what_another_company_holds_is_as_absent_as_what_nobody_holds(
    bench: Bench, held: Held, row: tuple[str, str, str, int, str]
) -> None:
    _, method, path, status, code = row
    before = await state_of(bench.world)
    theirs = {"dossier": held.dossier_id, "b": bench.b.company_id, "kid": bench.b.ehr.kid, "secret": held.secret_id}
    anothers = path.format(bsn=held.bsn, **theirs)
    nobodys = path.format(dossier=uuid4(), bsn=fresh_bsn(), b=uuid4(), kid="A" * 43, secret=uuid4())
    told = [problem(await ask(bench, method, one), status, code) for one in (anothers, nobodys)]

    assert same_but_for_the_request(told[0]) == same_but_for_the_request(told[1])
    assert not await changed(bench.world, before)


def spoiled(cursor: str) -> list[str]:
    octets = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    sql = base64.urlsafe_b64encode(b"' OR 1=1--").decode().rstrip("=")
    return [cursor[:-1], cursor[::-1], cursor + "A", cursor.swapcase(), sql, octets.hex(), "null", "%27", str(uuid4())]


async def test_no_cursor_shows_another_companys_dossiers(bench: Bench, held: Held) -> None:
    """TEN-005: neither another's own cursor nor one that was made up."""
    mine = {item["dossierId"] for item in (await ask(bench, "GET", "/dossier?limit=500")).json()["items"]}
    for cursor in (held.cursor, *spoiled(held.cursor)):
        answer = await ask(bench, "GET", f"/dossier?limit=500&cursor={cursor}")
        if answer.status_code != 200:
            problem(answer, 422, "invalid_request")
        else:
            assert {item["dossierId"] for item in answer.json()["items"]} <= mine, cursor


async def test_no_parameter_of_a_list_names_another_company(bench: Bench, held: Held) -> None:
    """TEN-005: they are ignored, and one that is given twice is refused."""
    mine = (await ask(bench, "GET", "/dossier?limit=500")).json()
    for name in ("company", "companyId", "company_id", "company[]", "filter", "where"):
        assert (await ask(bench, "GET", f"/dossier?limit=500&{name}={bench.b.company_id}")).json() == mine
    twice = f"/dossier?company={bench.a.company_id}&company={bench.b.company_id}"
    problem(await ask(bench, "GET", twice), 400, "duplicate_parameter")
    assert held.dossier_id not in json.dumps(mine)


WRITES = [
    operation
    for area in AREAS.values()
    for operation in area
    if operation.method == "POST" and operation.caller in {Caller.COMPANY, Caller.COMPANY_OR_LAUNCH}
]


@pytest.mark.parametrize("name", ["companyId", "company", "company_id", "clientId", "pseudoniem", "dossierId", "iss"])
async def test_no_body_names_another_company(bench: Bench, held: Held, name: str) -> None:
    """TEN-007: at every endpoint that writes, what the bearer token says is all that counts."""
    before = await state_of(bench.world)
    assert len(WRITES) >= 4
    for operation in WRITES:
        body = {"bsn": held.bsn, "bsns": [held.bsn], "sub": "u", "jwk": bench.b.ehr.public_jwk(), "token": "x"}
        body |= {name: bench.b.company_id}
        answer = await ask(bench, "POST", operation.path, body)
        members = problem(answer, 422, "invalid_request")
        assert {"pointer": f"/{name}", "rule": "unknown_member"} in members["errors"], operation.path
    assert not await changed(bench.world, before)
