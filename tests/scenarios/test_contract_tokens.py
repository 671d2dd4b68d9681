"""What the tokens say that we sign, and what those of an EHR may be signed with."""

import asyncio
import base64
import json
from typing import Any

import pytest

from identity.companies.admission import Admission
from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, flip
from tests.support.servers.loopback import HOST
from tests.support.wire import problem
from tests.support.world import ISSUER, World

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of a token."""
    header, claims = (json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in token.split(".")[:2])
    return header, claims


async def kids(world: World, alg: str) -> set[str]:
    """Return the names of the keys that we publish for an algorithm."""
    keys = (await world.client.get("/.well-known/jwks.json")).json()["keys"]
    return {key["kid"] for key in keys if key["alg"] == alg}


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_token_can_be_signed_with_each_of_nine_algorithms(world: World, alg: str) -> None:
    company = await world.company(alg=alg)
    token = company.ehr.sign(world.claims(company))
    assert (await company.launch(token)).status_code == 200
    problem(await company.launch(token), 401, "token_replayed")


async def test_what_an_internal_token_says(world: World) -> None:
    service = json.loads((world.folder / "demo-service.json").read_text())
    assert service.keys() == {"clientId", "clientSecret"}
    assert service["clientId"] == "demo"
    form = {"grant_type": "client_credentials"}
    answer = await world.client.post("/auth/token/internal", data=form, auth=("demo", service["clientSecret"]))
    header, claims = read(answer.json()["access_token"])
    now = int(world.clock().timestamp())
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert header["kid"] in await kids(world, "ES256")
    assert claims == {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": "demo",
        "client_id": "demo",
        "role": "Internal",
        "iat": now,
        "exp": now + 900,
        "jti": claims["jti"],
    }


async def test_what_the_token_says_that_we_sign_for_a_company(world: World) -> None:
    company, bsn = await world.company(alg="ES256"), fresh_bsn()
    contents = {
        "sub": "profID1241",
        "profInfo": {**PROFESSIONAL, "agb": "01234567"},
        "patientInfo": {"bsn": bsn, "firstname": "Peter", "lastname": "de Mol", "email": "p@example.nl"},
        "treatmentRelationshipId": "1532",
    }
    answer = await world.client.post("/auth/token/professional", json=contents, headers=company.bearer)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json().keys() == {"token", "jti", "expiresIn"}
    header, claims = read(answer.json()["token"])
    assert header["alg"] == "RS256"
    assert header["kid"] in await kids(world, "RS256")
    now = int(world.clock().timestamp())
    assert claims == {
        **contents,
        "iss": company.company_id,
        "aud": ISSUER,
        "jti": answer.json()["jti"],
        "iat": now,
    }


async def test_a_token_that_was_refused_while_its_company_was_suspended_is_good_afterwards(world: World) -> None:
    company = await world.company(alg="ES256")
    token = company.ehr.sign(world.claims(company))
    admission = Admission(world.service.identity.companies.store, world.service.ground.audit, world.clock)
    await admission.suspend(company.company_id)
    problem(await company.launch(token), 401, "token_rejected")
    await admission.resume(company.company_id)
    assert (await company.launch(token)).status_code == 200


async def test_nothing_is_fetched_because_a_token_or_a_key_says_so(bench: Bench) -> None:
    asked: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    listener = await asyncio.start_server(note, HOST, 0)
    async with listener:
        url = f"http://{HOST}:{listener.sockets[0].getsockname()[1]}/keys"
        for name in ("jku", "x5u"):
            problem(await bench.a.launch(bench.header(**{name: url})), 401, "token_rejected")
        problem(await bench.a.launch(bench.good(iss=url)), 401, "token_rejected")
        jwk = {**bench.public_jwk(), "x5u": url, "jku": url}
        again = await bench.world.client.post("/company/keys", json={"jwk": jwk}, headers=bench.a.bearer)
        assert again.status_code == 200
        listener.close()
    assert asked == []


async def test_the_first_step_that_fails_decides_the_answer_and_the_spend_is_the_last(world: World) -> None:
    company = await world.company(alg="ES256")
    spent = world.claims(company)
    assert (await company.launch(company.ehr.sign(spent))).status_code == 200
    old = {"iat": spent["iat"] - 301}
    unknown = {"treatmentRelationshipId": "unknown"}

    def again(**changes: Any) -> str:
        return company.ehr.sign({**spent, **changes})

    for token, status, code in (
        (flip(again(**old, **unknown, sub=""), 2), 401, "token_rejected"),
        (again(**old, **unknown, sub=""), 401, "claim_rejected"),
        (again(**old, **unknown), 401, "token_expired"),
        (again(**unknown), 422, "treatment_relationship_unknown"),
        (again(), 401, "token_replayed"),
    ):
        problem(await company.launch(token), status, code)
