"""The signatures that RFC 7515 appendix A, RFC 7520 section 4 and RFC 8037 appendix A print, through our verification.

`jws.json` has the figures: keys as JWK, segments in base64url, line breaks left out. What the profile allows
verifies; what it does not is refused for the reason that is written here, whatever the signature is worth.
"""

import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import RSAKey

from common.errors import KeyRejected, MalformedToken, TokenRejected, UnknownKey
from keys import base64url, policy
from schemas.profiles import PROFESSIONAL
from sso.verifier.flaws import Flaw
from sso.verifier.token import take_apart
from sso.verifier.verify import require_profile
from tests.support.signed import SignatureCheck


@dataclass(frozen=True)
class Vector:
    """One example of an RFC."""

    name: str
    alg: str
    jwk: dict[str, str] | None
    header: str
    payload: str
    signature: str

    @property
    def token(self) -> str:
        return f"{self.header}.{self.payload}.{self.signature}"

    def number(self, member: str) -> int:
        """Return a member of the key as an integer."""
        return int.from_bytes(base64url.decode((self.jwk or {})[member]))

    def check(self, **changes: str) -> SignatureCheck:
        """Return the verification of a company that has registered this key."""
        kid = json.loads(base64url.decode(self.header)).get("kid", "")
        return SignatureCheck({**(self.jwk or {}), "alg": self.alg, **changes}, kid)


VECTORS = {read["name"]: Vector(**read) for read in json.loads(Path(__file__).with_name("jws.json").read_text("utf-8"))}
REFUSED = {
    "RFC 7515 A.1": ("symmetric", Flaw.OTHER_ALG),
    "RFC 7515 A.4": ("curve", Flaw.OTHER_ALG),
    "RFC 7515 A.5": (None, Flaw.NOT_THREE_SEGMENTS),
    "RFC 7520 4.3": ("curve", Flaw.OTHER_ALG),
    "RFC 7520 4.4": ("symmetric", Flaw.OTHER_ALG),
}
"""Why the key may not be registered, and why the token is refused without a look at any key."""
ACCEPTED = [name for name in VECTORS if name not in REFUSED]


def genuine(vector: Vector) -> bool:
    """Return whether the figures are right, by the primitives alone: raises InvalidSignature if they are not."""
    signed, signature = f"{vector.header}.{vector.payload}".encode(), base64url.decode(vector.signature)
    match vector.alg:
        case "none":
            return not signature
        case "HS256":
            secret = base64url.decode((vector.jwk or {})["k"])
            return hmac.compare_digest(hmac.digest(secret, signed, sha256), signature)
        case "RS256":
            key = rsa.RSAPublicNumbers(vector.number("e"), vector.number("n")).public_key()
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        case "PS384":
            key = rsa.RSAPublicNumbers(vector.number("e"), vector.number("n")).public_key()
            key.verify(signature, signed, padding.PSS(padding.MGF1(hashes.SHA384()), 48), hashes.SHA384())
        case "EdDSA":
            octets = base64url.decode((vector.jwk or {})["x"])
            ed25519.Ed25519PublicKey.from_public_bytes(octets).verify(signature, signed)
        case _:
            curve, digest = {"ES256": (ec.SECP256R1(), hashes.SHA256()), "ES512": (ec.SECP521R1(), hashes.SHA512())}[
                vector.alg
            ]
            point = ec.EllipticCurvePublicNumbers(vector.number("x"), vector.number("y"), curve).public_key()
            half = len(signature) // 2
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            point.verify(encode_dss_signature(r, s), signed, ec.ECDSA(digest))
    return True


@pytest.mark.parametrize("name", VECTORS)
def test_the_figures_are_right(name: str) -> None:
    assert genuine(VECTORS[name])


@pytest.mark.parametrize("name", ACCEPTED)
async def test_what_the_profile_allows_verifies(name: str) -> None:
    vector = VECTORS[name]
    assert base64url.encode(await vector.check().payload(vector.token)) == vector.payload


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_profile_does_not_allow_is_refused_for_its_reason(name: str) -> None:
    vector, (reason, flaw) = VECTORS[name], REFUSED[name]
    with pytest.raises(MalformedToken) as refused:
        require_profile(take_apart(vector.token), PROFESSIONAL)
    assert refused.value.flaw is flaw
    if vector.jwk is not None:
        with pytest.raises(KeyRejected) as rejected:
            policy.from_jwk(vector.jwk)
        assert rejected.value.reason == reason


def test_a_modulus_of_1024_bits_is_refused_with_a_good_signature_too() -> None:
    with pytest.warns(Warning, match="2048"):
        short = RSAKey.generate_key(1024, private=True)
    with pytest.raises(KeyRejected) as rejected:
        policy.from_jwk(short.as_dict(private=False))
    assert rejected.value.reason == "size"


def one_octet_off(vector: Vector) -> Iterator[str]:
    """Yield the token with each bit of each octet changed in turn."""
    segments = (vector.header, vector.payload, vector.signature)
    for place, segment in enumerate(segments):
        octets = base64url.decode(segment)
        for bit in range(len(octets) * 8):
            altered = bytearray(octets)
            altered[bit // 8] ^= 1 << bit % 8
            yield ".".join((*segments[:place], base64url.encode(bytes(altered)), *segments[place + 1 :]))


def one_character_off(vector: Vector) -> Iterator[str]:
    """Yield the token with each bit of each character changed in turn."""
    for place, character in enumerate(vector.token):
        for bit in range(8):
            yield f"{vector.token[:place]}{chr(ord(character) ^ 1 << bit)}{vector.token[place + 1 :]}"


async def accepted_of(check: SignatureCheck, tokens: Iterable[str]) -> list[str]:
    accepted = []
    for token in tokens:
        try:
            await check.payload(token)
        except TokenRejected:
            continue
        accepted.append(token)
    return accepted


@pytest.mark.parametrize("name", ACCEPTED)
async def test_every_change_of_one_bit_of_what_is_signed_is_refused(name: str) -> None:
    vector = VECTORS[name]
    assert await accepted_of(vector.check(), [vector.token]) == [vector.token]
    assert await accepted_of(vector.check(), one_octet_off(vector)) == []


@pytest.mark.parametrize("name", ["RFC 7515 A.3", "RFC 8037 A.4"])
async def test_every_change_of_one_bit_of_the_text_is_refused(name: str) -> None:
    vector = VECTORS[name]
    assert await accepted_of(vector.check(), one_character_off(vector)) == []


@pytest.mark.parametrize(
    ("name", "alg"),
    [("RFC 7515 A.2", "RS384"), ("RFC 7515 A.2", "PS256"), ("RFC 7520 4.1", "PS384"), ("RFC 7520 4.2", "RS256")],
)
async def test_the_key_of_an_example_is_no_good_under_another_algorithm(name: str, alg: str) -> None:
    with pytest.raises(UnknownKey):
        await VECTORS[name].check(alg=alg).payload(VECTORS[name].token)


def flattened(vector: Vector, **besides: Any) -> dict[str, Any]:
    return {"protected": vector.header, **besides, "signature": vector.signature}


def other_forms() -> dict[str, str]:
    """Return the serialisations of JWS that are not the compact one, by the section that shows them."""
    first, second = VECTORS["RFC 7515 A.2"], VECTORS["RFC 7515 A.3"]
    kid = {"header": {"kid": "2010-12-29"}}
    cookbook = VECTORS["RFC 7520 4.1"]
    return {
        "RFC 7515 A.6": json.dumps({
            "payload": first.payload, "signatures": [flattened(first, **kid), flattened(second)]
        }),
        "RFC 7515 A.7": json.dumps({"payload": second.payload, **flattened(second, **kid)}),
        "RFC 7515 F": f"{first.header}..{first.signature}",
        "RFC 7520 4.1.3, general": json.dumps({"payload": cookbook.payload, "signatures": [flattened(cookbook)]}),
        "RFC 7520 4.1.3, flattened": json.dumps({"payload": cookbook.payload, **flattened(cookbook)}),
        "RFC 7520 4.5, detached": f"{cookbook.header}..{cookbook.signature}",
        "RFC 7520 4.7, no protected header": json.dumps({
            "payload": cookbook.payload, "header": {"alg": "RS256"}, "signature": cookbook.signature
        }),
    }  # fmt: skip


@pytest.mark.parametrize("name", other_forms())
def test_no_form_but_the_compact_one_is_a_token(name: str) -> None:
    with pytest.raises(MalformedToken) as refused:
        take_apart(other_forms()[name])
    assert refused.value.flaw in {Flaw.NOT_THREE_SEGMENTS, Flaw.HEADER_TOO_LARGE}
