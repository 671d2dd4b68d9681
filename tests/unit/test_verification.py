"""Until the signature has verified every refusal is the same; after it the first step that fails is named.

Each refused token differs in one thing from one that is accepted (attacks SIG-…, ALG-…, HDR-…, TYP-…).
"""

import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from common.errors import ClaimRejected, TokenExpired, TokenRejected
from keys import base64url
from tests.support.characters import full_width
from tests.support.desk import ISSUER, OTHER_RSA_KEY, Desk, ehr, one_and_the_same
from tests.support.ehr import flip, jws
from tests.support.memory import partner_key

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]


@pytest.mark.parametrize("alg", ALGORITHMS)
async def test_a_token_with_the_registered_algorithm_is_accepted(alg: str) -> None:
    desk = Desk(ehr(alg))
    assert await desk.check(desk.token()) == desk.company


async def test_ed25519_is_another_name_for_eddsa() -> None:
    desk = Desk(ehr("EdDSA"))
    assert await desk.check(desk.ehr.sign(desk.claims(), alg="Ed25519")) == desk.company


@pytest.mark.parametrize("used", ALGORITHMS)
@pytest.mark.parametrize("registered", ALGORITHMS)
async def test_a_key_is_good_for_the_algorithm_it_was_registered_for_and_no_other(registered: str, used: str) -> None:
    if registered == used:
        return
    desk = Desk(ehr(registered))
    signed = jws(desk.ehr.header(alg=used), desk.claims(), used, ehr(used).key)
    assert one_and_the_same(await desk.refusal(signed))


def der_signed(desk: Desk) -> str:
    signing_input, _, signature = desk.token().rpartition(".")
    octets = base64url.decode(signature)
    der = encode_dss_signature(int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
    return f"{signing_input}.{base64url.encode(der)}"


def with_signature(desk: Desk, octets: bytes) -> str:
    return f"{desk.token().rpartition('.')[0]}.{base64url.encode(octets)}"


Forge = Callable[[Desk], str]


def saying(**header: Any) -> Forge:
    """Return who signs a good token under another header."""
    return lambda desk: desk.ehr.sign(desk.claims(), **header)


def claiming(**claims: Any) -> Forge:
    """Return who signs other claims."""
    return lambda desk: desk.token(**claims)


def hs256(secret: Callable[[Desk], bytes]) -> Forge:
    """Return who makes an HMAC with what is public."""

    def forge(desk: Desk) -> str:
        signing_input = desk.ehr.sign(desk.claims(), alg="HS256").rpartition(".")[0]
        return f"{signing_input}.{base64url.encode(hmac.digest(secret(desk), signing_input.encode(), sha256))}"

    return forge


def public(desk: Desk, **style: Any) -> bytes:
    return json.dumps(desk.ehr.key.as_dict(private=False), **style).encode()


SHARED_SECRETS: dict[str, Callable[[Desk], bytes]] = {
    "the public JWK, compact": lambda desk: public(desk, separators=(",", ":")),
    "the public JWK, sorted": lambda desk: public(desk, sort_keys=True),
    "the public JWK, as kept": lambda desk: partner_key(desk.ehr, desk.company).jwk.encode(),
    "the public PEM": lambda desk: desk.ehr.key.as_pem(private=False),
    "the kid": lambda desk: (desk.ehr.kid or "").encode(),
    "nothing": lambda _desk: b"",
    "null": lambda _desk: b"null",
}
NAMES_OF_NONE = ("none", "None", "nOnE", "none ", "none\x00")
NEAR_MISSES = (
    "rs256",
    "RS256 ",
    "RS256\x00",
    "RS\u200b256",
    full_width("RS256"),
    "",
    "RSA1_5",
    "dir",
    "A128KW",
    "ES256K",
    "Ed448",
)
OTHER_TYPES = (
    "at+jwt",
    "application/at+jwt",
    "dpop+jwt",
    "secevent+jwt",
    "JOSE",
    "",
    "jwt ",
    "client-authentication+jwt",
)

FORGERIES: dict[str, Forge] = {
    "a flipped bit in the header": lambda desk: flip(desk.token(), 0),
    "a flipped bit in the payload": lambda desk: flip(desk.token(), 1),
    "a flipped bit in the signature": lambda desk: flip(desk.token(), 2),
    "another key": lambda desk: desk.signed({}, OTHER_RSA_KEY),
    "a signature of zeros": lambda desk: with_signature(desk, bytes(256)),
    "a signature of one": lambda desk: with_signature(desk, (1).to_bytes(256)),
    "a short signature": lambda desk: with_signature(desk, bytes(1)),
    "a long signature": lambda desk: with_signature(desk, bytes(1024)),
    "PSS under RS256": lambda desk: desk.signed({}, desk.ehr.key, "PS256"),
    "RS512 under RS256": lambda desk: desk.signed({}, desk.ehr.key, "RS512"),
    "PS256 with the right key": lambda desk: desk.signed({"alg": "PS256"}, desk.ehr.key, "PS256"),
    **{f"alg {alg!r}, signed": saying(alg=alg) for alg in NAMES_OF_NONE + NEAR_MISSES},
    "alg none, no signature": lambda desk: saying(alg="none")(desk).rpartition(".")[0] + ".",
    **{f"HS256 keyed by {name}": hs256(secret) for name, secret in SHARED_SECRETS.items()},
    **{f"typ {typ!r}": saying(typ=typ) for typ in OTHER_TYPES},
    "a key in the header": saying(jwk=OTHER_RSA_KEY.as_dict(private=False)),
    "a URL of keys in the header": saying(jku="https://evil.example/jwks.json"),
    "a critical extension": saying(crit=["x"], x=1),
    "a kid that nobody has": saying(kid="x" * 43),
    "a kid that is a path": saying(kid="../../dev/null"),
    "an empty kid": saying(kid=""),
    "an iss that is no company": claiming(iss=str(uuid4())),
    "an iss that is no UUID": claiming(iss="De Linde"),
    "an iss of our own": claiming(iss=ISSUER),
    "an iss in capitals": lambda desk: desk.token(iss=str(desk.company).upper()),
    "an iss with braces": lambda desk: desk.token(iss=f"{{{desk.company}}}"),
    "an empty iss": claiming(iss=""),
    "an iss with half a surrogate pair": claiming(iss="\ud800" * 32),
    "an iss that is an array": lambda desk: desk.token(iss=[str(desk.company)]),
    "the iss of another company": lambda desk: desk.token(iss=str(desk.other)),
    "a payload that is no JSON": lambda desk: desk.ehr.sign(b"not json"),
    "a payload with a claim given twice": lambda desk: desk.ehr.sign(b'{"jti":"x","jti":"y"}'),
    "a payload in UTF-16": lambda desk: desk.ehr.sign(json.dumps(desk.claims()).encode("utf-16")),
    "nothing that says who signed": lambda desk: desk.ehr.sign(desk.claims(iss=None), kid=None),
    "badly signed and expired": lambda desk: flip(desk.token(iat=0), 2),
    "badly signed, without claims": lambda desk: flip(desk.ehr.sign({"iss": str(desk.company)}), 2),
    "white space": lambda desk: desk.token() + "\n",
    "a BSN and no token": lambda _desk: "123456782",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_until_the_signature_has_verified_every_cause_has_one_and_the_same_answer(
    forge: Forge,
) -> None:
    desk = Desk()
    assert await desk.check(desk.token()) == desk.company
    assert one_and_the_same(await desk.refusal(forge(desk)))


async def test_an_ecdsa_signature_has_the_form_of_jws_and_not_der() -> None:
    desk = Desk(ehr("ES256"))
    assert one_and_the_same(await desk.refusal(der_signed(desk)))


@pytest.mark.parametrize("octets", [bytes(64), bytes(32) + b"\1" * 32, b"\xff" * 64, b"\1" * 63], ids=len)
@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
async def test_odd_signatures_on_curves_verify_nothing(alg: str, octets: bytes) -> None:
    desk = Desk(ehr(alg))
    assert one_and_the_same(await desk.refusal(with_signature(desk, octets)))


async def test_what_is_signed_well_and_cannot_be_read_is_a_claim_rejected() -> None:
    desk = Desk()
    for payload in (b"not json", b"[]", b'{"jti":"x","jti":"y"}', json.dumps(desk.claims()).encode("utf-16"), b"\xff"):
        error = await desk.refusal(desk.ehr.sign(payload), client_id=str(desk.company))
        assert error.members() == {"claim": "", "rule": "json"}


ORDER: list[tuple[str, dict[str, Any], dict[str, str] | None]] = [
    (
        "a wrong claim goes before another company's iss",
        {"jti": "a b", "iss": "other"},
        {"claim": "jti", "rule": "format"},
    ),
    ("iss before aud", {"iss": "other", "aud": "x"}, {"claim": "iss", "rule": "signer"}),
    ("aud before age", {"aud": "x", "iat": 0}, {"claim": "aud", "rule": "audience"}),
    ("aud before exp", {"aud": "x", "exp": 0}, {"claim": "aud", "rule": "audience"}),
    ("nbf before age", {"nbf": 9e9, "iat": 0}, {"claim": "nbf", "rule": "not_yet_valid"}),
    ("age last", {"iat": 0}, None),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
async def test_the_first_step_that_fails_decides_the_answer(
    changes: dict[str, Any], expected: dict[str, str] | None
) -> None:
    desk = Desk()
    named = {name: str(desk.other) if value == "other" else value for name, value in changes.items()}
    error = await desk.refusal(desk.token(**named), client_id=str(desk.company))
    assert error.members() == (expected or {})
    assert isinstance(error, ClaimRejected if expected else TokenExpired)


async def test_a_kid_that_the_company_named_does_not_have_asks_for_its_published_keys_and_nothing_else_does() -> None:
    desk = Desk()
    unknown = desk.ehr.sign(desk.claims(), kid="unknown")
    assert one_and_the_same(await desk.refusal(unknown))
    assert one_and_the_same(await desk.refusal(desk.ehr.sign(desk.claims(iss=None), kid="unknown"), str(desk.company)))
    assert desk.sets.asked == [desk.company] * 2
    for token in (
        desk.token(),
        desk.ehr.sign(desk.claims(), kid=None),
        flip(desk.token(), 2),
    ):
        with suppress(TokenRejected):
            await desk.check(token)
    await desk.refusal(desk.ehr.sign(desk.claims(iss=None), kid="unknown"))
    await desk.refusal(desk.ehr.sign(desk.claims(iss=str(uuid4())), kid="unknown"))
    assert desk.sets.asked == [desk.company] * 2
