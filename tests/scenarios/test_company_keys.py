"""A company's own verification keys: registered, listed, and revoked for ever."""

import asyncio
from datetime import datetime
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keys import base64url
from tests.support.ehr import Ehr
from tests.support.state import changed, state_of
from tests.support.wire import problem, secured
from tests.support.world import Company, World


@pytest.fixture
async def company(world: World) -> Company:
    """A company with one key, for RS256."""
    return await world.company()


async def upload(company: Company, **body: Any) -> httpx2.Response:
    return await company.client.post("/company/keys", json=body, headers=company.bearer)


async def listed(company: Company) -> list[dict[str, Any]]:
    answer = await company.client.get("/company/keys", headers=company.bearer)
    assert answer.status_code == 200
    assert set(answer.json()) == {"items"}
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def revoke(company: Company, kid: str | None) -> httpx2.Response:
    return await company.client.delete(f"/company/keys/{kid}", headers=company.bearer)


async def rejected(company: Company, reason: str, **body: Any) -> httpx2.Response:
    answer = await upload(company, **body)
    assert problem(answer, 422, "key_rejected")["reason"] == reason
    return answer


async def test_a_key_is_registered_once_and_then_shown_again(world: World, company: Company) -> None:
    key = Ehr("ES256")

    first = await upload(company, jwk=key.public_jwk(), label="Second site")
    again = await upload(company, jwk=key.public_jwk(), label="Another label")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json() == {
        "kid": key.kid,
        "kty": "EC",
        "alg": "ES256",
        "label": "Second site",
        "createdAt": first.json()["createdAt"],
    }
    assert datetime.fromisoformat(first.json()["createdAt"]) == world.clock()
    secured(first)
    assert (await company.launch(key.sign(world.claims(company)))).status_code == 200


async def test_the_list_shows_current_keys_and_never_the_members_of_a_key(company: Company) -> None:
    second = Ehr("ES256")
    await upload(company, jwk=second.public_jwk(), label="Tweede")
    items = await listed(company)
    assert {item["kid"] for item in items} == {company.ehr.kid, second.kid}
    assert {item["label"] for item in items} == {None, "Tweede"}
    for item in items:
        assert set(item) == {"kid", "kty", "alg", "label", "createdAt"}


ALGORITHMS: dict[str, tuple[Any, str]] = {
    "RSA": (lambda: RSAKey.generate_key(2048), "RS256"),
    "P-256": (lambda: ECKey.generate_key("P-256"), "ES256"),
    "P-384": (lambda: ECKey.generate_key("P-384"), "ES384"),
    "Ed25519": (lambda: OKPKey.generate_key("Ed25519"), "EdDSA"),
}


@pytest.mark.parametrize("kind", ALGORITHMS)
async def test_a_key_without_an_algorithm_gets_that_of_its_type(company: Company, kind: str) -> None:
    make, alg = ALGORITHMS[kind]
    key = make()
    answer = await upload(company, jwk=key.as_dict(private=False))
    assert (answer.status_code, answer.json()["alg"], answer.json()["kid"]) == (201, alg, key.thumbprint())


async def test_a_key_in_pem_is_the_same_key(company: Company) -> None:
    pem = company.ehr.key.as_pem(private=False).decode()
    answer = await upload(company, pem=pem)
    assert (answer.status_code, answer.json()["kid"]) == (200, company.ehr.kid)
    assert (await upload(company, pem=Ehr("ES256").key.as_pem(private=False).decode())).status_code == 201


async def test_a_key_keeps_its_algorithm(company: Company) -> None:
    await rejected(company, "alg", jwk={**company.ehr.public_jwk(), "alg": "PS256"})
    await revoke(company, company.ehr.kid)
    await rejected(company, "revoked", jwk={**company.ehr.public_jwk(), "alg": "PS256"})


def altered(company: Company, **members: Any) -> dict[str, Any]:
    """Return the company's own public JWK with other members; None leaves one out."""
    jwk = {**company.ehr.public_jwk(), **members}
    return {name: value for name, value in jwk.items() if value is not None}


REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "for encryption": ({"use": "enc"}, "use"),
    "for wrapping": ({"key_ops": ["wrapKey"]}, "key_ops"),
    "of a secret's algorithm": ({"alg": "HS256"}, "alg"),
    "of no algorithm": ({"alg": "none"}, "alg"),
    "of another type's algorithm": ({"alg": "ES256"}, "alg"),
    "with a small exponent": ({"e": "Aw"}, "exponent"),
    "without a modulus": ({"n": None}, "malformed"),
    "with padding": ({"e": "AQAB=="}, "malformed"),
    "of no type": ({"kty": None}, "malformed"),
    "of another type": ({"kty": "X"}, "type"),
    "symmetric": ({"kty": "oct", "k": "AAAA"}, "symmetric"),
}


@pytest.mark.parametrize("case", REJECTED)
async def test_a_key_against_the_policy_is_rejected_with_its_reason(world: World, company: Company, case: str) -> None:
    members, reason = REJECTED[case]
    before = await state_of(world)
    await rejected(company, reason, jwk=altered(company, **members))
    assert not await changed(world, before)


async def test_a_short_modulus_and_another_curve_are_rejected(company: Company) -> None:
    short = base64url.encode(b"\xff" * 128)
    await rejected(company, "size", jwk=altered(company, n=short))
    await rejected(company, "curve", jwk=ECKey.generate_key("P-521").as_dict(private=False))
    await rejected(company, "curve", jwk=OKPKey.generate_key("X25519").as_dict(private=False))


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
async def test_a_private_key_is_never_kept_or_echoed(world: World, company: Company, alg: str) -> None:
    key = Ehr(alg).key
    jwk = key.as_dict(private=True)
    before = await state_of(world)
    answers = [
        await rejected(company, "private", jwk=jwk),
        await rejected(company, "private", jwk={"d": jwk["d"]}),
        await rejected(company, "private", pem=key.as_pem(private=True).decode()),
    ]
    assert not await changed(world, before)
    for answer in answers:
        assert not any(str(value) in answer.text for value in jwk.values() if len(str(value)) > 8)


async def test_another_companys_key_is_rejected_before_and_after_its_revocation(world: World, company: Company) -> None:
    other = await world.company("Apotheek De Brug", alg="ES256")
    await rejected(other, "another_company", jwk=company.ehr.public_jwk())
    await revoke(company, company.ehr.kid)
    await rejected(other, "another_company", jwk=company.ehr.public_jwk())


async def test_a_company_has_five_keys_at_most_and_a_revoked_one_makes_room(company: Company) -> None:
    more = [Ehr("ES256") for _ in range(5)]
    for key in more[:4]:
        assert (await upload(company, jwk=key.public_jwk())).status_code == 201
    await rejected(company, "too_many", jwk=more[4].public_jwk())
    assert (await upload(company, jwk=more[0].public_jwk())).status_code == 200

    assert (await revoke(company, more[0].kid)).status_code == 204

    assert (await upload(company, jwk=more[4].public_jwk())).status_code == 201
    assert len(await listed(company)) == 5


async def test_of_ten_keys_at_once_four_find_room_and_of_one_key_ten_times_one_is_new(
    world: World, company: Company
) -> None:
    keys = [Ehr("ES256") for _ in range(10)]
    answers = await asyncio.gather(*(upload(company, jwk=key.public_jwk()) for key in keys))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [422] * 6
    other = await world.company("Apotheek De Brug", alg="ES256")
    one = Ehr("ES256").public_jwk()
    answers = await asyncio.gather(*(upload(other, jwk=one) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]


async def test_a_revoked_key_refuses_the_very_next_launch_for_ever(world: World, company: Company) -> None:
    signed_before = company.ehr.sign(world.claims(company))
    assert (await company.launch(company.ehr.sign(world.claims(company)))).status_code == 200

    revoked = await revoke(company, company.ehr.kid)

    assert (revoked.status_code, revoked.content) == (204, b"")
    for token in (signed_before, company.ehr.sign(world.claims(company))):
        problem(await company.launch(token), 401, "token_rejected")
        problem(await company.launch(token, clientId=company.company_id), 401, "token_rejected")
    without_kid = company.ehr.sign(world.claims(company, iss=company.company_id), kid=None)
    problem(await company.launch(without_kid), 401, "token_rejected")
    assert await listed(company) == []
    await rejected(company, "revoked", jwk=company.ehr.public_jwk())
    problem(await revoke(company, company.ehr.kid), 404, "not_found")


async def test_during_a_rotation_both_keys_count(world: World, company: Company) -> None:
    new = Ehr("RS256")
    await upload(company, jwk=new.public_jwk())
    for key in (company.ehr, new):
        assert (await company.launch(key.sign(world.claims(company)))).status_code == 200
    await revoke(company, company.ehr.kid)
    assert (await company.launch(new.sign(world.claims(company)))).status_code == 200


async def test_a_body_has_a_jwk_or_a_pem(company: Company) -> None:
    pem = company.ehr.key.as_pem(private=False).decode()
    for body in ({}, {"label": "x"}, {"jwk": company.ehr.public_jwk(), "pem": pem}):
        members = problem(await upload(company, **body), 422, "invalid_request")
        assert members["errors"] == [{"pointer": "", "rule": "jwk_or_pem"}]
