"""Which keys of a partner are taken (contract 3, attacks KEY-001 … KEY-016): each row changes one valid key."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from math import factorial, gcd, prod

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import import_key

from common.errors import KeyRejected
from keys import base64url
from keys.policy import exposed, from_jwk, from_pem
from tests.support.ehr import make_key

PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth"]
ABSENT = object()
DEEP: list[object] = []
for _ in range(100_000):
    DEEP = [DEEP]


def uint(number: int, size: int = 0) -> str:
    return base64url.encode(number.to_bytes(size or (number.bit_length() + 7) // 8))


def ec_jwk(key: ec.EllipticCurvePublicKey, crv: str) -> dict[str, object]:
    point, size = key.public_numbers(), (key.key_size + 7) // 8
    return {"kty": "EC", "crv": crv, "x": uint(point.x, size), "y": uint(point.y, size)}


RSA = rsa.generate_private_key(65537, 2048)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
P521, K256 = ec.generate_private_key(ec.SECP521R1()), ec.generate_private_key(ec.SECP256K1())
ED25519 = ed25519.Ed25519PrivateKey.generate()

N, P = RSA.public_key().public_numbers().n, RSA.private_numbers().p
ED25519_X = ED25519.public_key().public_bytes_raw()
VALID: Mapping[str, Mapping[str, object]] = {
    "RSA": {"kty": "RSA", "n": uint(N), "e": "AQAB"},
    "P-256": ec_jwk(P256.public_key(), "P-256"),
    "P-384": ec_jwk(P384.public_key(), "P-384"),
    "Ed25519": {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(ED25519_X)},
}
PUBLIC_KEYS: Mapping[str, PublicKeyTypes] = {
    "RSA": RSA.public_key(),
    "P-256": P256.public_key(),
    "P-384": P384.public_key(),
    "Ed25519": ED25519.public_key(),
}

P256_FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
WITH_SMALL_FACTORS = factorial(2**16)
INFINEON_M = prod(number for number in range(2, 168) if gcd(number, factorial(number - 1)) == 1)


def close_to(prime: int) -> int:
    return next(q for q in count(prime + 2, 2) if gcd(q, WITH_SMALL_FACTORS) == 1)


def infineon_factor(above: int, exponent: int) -> int:
    candidates = (k * INFINEON_M + pow(65537, exponent, INFINEON_M) for k in count(above // INFINEON_M))
    return next(p for p in candidates if gcd(p, WITH_SMALL_FACTORS) == 1)


def point_at_5(x: str) -> dict[str, object]:
    """The point of P-256 whose x is 5: so small that it has other spellings, of which `x` is one."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\2" + (5).to_bytes(32)).public_numbers()
    return {"x": x, "y": uint(point.y, 32)}


def little_endian(number: int) -> str:
    return base64url.encode(number.to_bytes(32, "little"))


def plus_the_point_of_order_2(octets: bytes) -> str:
    """(x, y) + (0, -1) = (-x, -y); the sign of x is the highest bit."""
    sign, y = divmod(int.from_bytes(octets, "little"), 2**255)
    return little_endian((2**255 - 19 - y) + (1 - sign) * 2**255)


ROCA = infineon_factor(3 * 2**1022, 1234) * infineon_factor(7 * 2**1021, 56789)
ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")

REFUSED_JWKS = [
    # the reason, the claim, the valid key, and what the vendor (or somebody worse) made of it
    ("type", "an unknown type", "RSA", {"kty": "AKP"}),
    ("type", "a type in lower case", "RSA", {"kty": "rsa"}),
    ("malformed", "no type", "RSA", {"kty": ABSENT}),
    ("malformed", "a type that is no string", "RSA", {"kty": ["RSA"]}),
    ("symmetric", "a shared secret", "RSA", {"kty": "oct", "k": "c2VjcmV0"}),
    ("symmetric", "the type of a shared secret", "RSA", {"kty": "oct"}),
    ("symmetric", "a shared secret beside a public key", "RSA", {"k": "c2VjcmV0"}),
    ("use", "a key for encryption", "RSA", {"use": "enc"}),
    ("use", "a use that is null", "RSA", {"use": None}),
    ("use", "a use that is a list", "RSA", {"use": ["sig"]}),
    ("key_ops", "operations without verify", "RSA", {"key_ops": ["sign"]}),
    ("key_ops", "operations of encryption", "RSA", {"key_ops": ["verify", "encrypt"]}),
    ("key_ops", "an operation twice", "RSA", {"key_ops": ["verify", "verify"]}),
    ("key_ops", "no operations at all", "RSA", {"key_ops": []}),
    ("key_ops", "operations that are a string", "RSA", {"key_ops": "verify"}),
    ("key_ops", "operations that are null", "RSA", {"key_ops": None}),
    ("key_ops", "an operation that is a list", "RSA", {"key_ops": [["verify"]]}),
    ("alg", "alg none", "RSA", {"alg": "none"}),
    ("alg", "an HMAC under a public key", "RSA", {"alg": "HS256"}),
    ("alg", "an algorithm for encryption", "RSA", {"alg": "RSA-OAEP"}),
    ("alg", "an EC algorithm for an RSA key", "RSA", {"alg": "ES256"}),
    ("alg", "an RSA algorithm for an EC key", "P-256", {"alg": "RS256"}),
    ("alg", "the algorithm of the other curve", "P-384", {"alg": "ES256"}),
    ("alg", "EdDSA on an EC curve", "P-256", {"alg": "EdDSA"}),
    ("alg", "an alg that is null", "Ed25519", {"alg": None}),
    ("alg", "an alg that is a list", "RSA", {"alg": ["RS256"]}),
    ("size", "1024 bits", "RSA", {"n": uint(2**1023 + 1)}),
    ("size", "one bit too few", "RSA", {"n": uint(2**2046 + 1)}),
    ("size", "one bit too many", "RSA", {"n": uint(2**4096 + 1)}),
    ("size", "a modulus as large as a body can be", "RSA", {"n": "B" * 65536}),
    *(("exponent", f"exponent {e}", "RSA", {"e": uint(e)}) for e in (1, 2, 3, 17, 65536, 65539, 2**32 + 1)),
    ("exponent", "an exponent of 3000 bits", "RSA", {"e": uint(2**3000 + 1)}),
    ("weak_modulus", "an even modulus", "RSA", {"n": uint(N - 1)}),
    ("weak_modulus", "a factor of 16 bits", "RSA", {"n": uint(65521 * (N >> 16 | 1))}),
    ("weak_modulus", "the square of a prime", "RSA", {"n": uint(P * P)}),
    ("weak_modulus", "close factors (Fermat)", "RSA", {"n": uint(P * close_to(P))}),
    ("weak_modulus", "Infineon's fingerprint (ROCA)", "RSA", {"n": uint(ROCA)}),
    ("malformed", "no modulus", "RSA", {"n": ABSENT}),
    ("malformed", "an empty modulus", "RSA", {"n": ""}),
    ("malformed", "a modulus of zero", "RSA", {"n": "AA"}),
    ("malformed", "a modulus that is a number", "RSA", {"n": N}),
    ("malformed", "a modulus that is null", "RSA", {"n": None}),
    ("malformed", "a modulus with a leading zero", "RSA", {"n": uint(N, 257)}),
    ("malformed", "an exponent with a leading zero", "RSA", {"e": "AAEAAQ"}),
    ("malformed", "padding", "RSA", {"n": uint(N) + "=="}),
    ("malformed", "white space", "RSA", {"n": uint(N) + "\n"}),
    ("malformed", "the alphabet of plain base64", "RSA", {"n": "+/" + uint(N)[2:]}),
    ("malformed", "unused bits that are set", "RSA", {"n": uint(N)[:-1] + "_"}),
    ("malformed", "half an octet", "RSA", {"e": "A"}),
    ("malformed", "a lone surrogate", "RSA", {"n": "\ud800"}),
    ("malformed", "digits of another script", "RSA", {"e": "AQA\u0661"}),
    ("curve", "P-521", "P-256", ec_jwk(P521.public_key(), "P-521")),
    ("curve", "the curve of bitcoin", "P-256", ec_jwk(K256.public_key(), "secp256k1")),
    ("curve", "a curve for key agreement", "Ed25519", {"crv": "X25519"}),
    ("curve", "Ed448", "Ed25519", {"crv": "Ed448"}),
    ("curve", "an Edwards curve for an EC key", "P-256", {"crv": "Ed25519"}),
    ("malformed", "no curve", "P-256", {"crv": ABSENT}),
    ("malformed", "a curve that is an object", "P-256", {"crv": {}}),
    ("malformed", "no y", "P-256", {"y": ABSENT}),
    ("malformed", "a point beside the curve", "P-256", {"y": VALID["P-256"]["x"]}),
    ("malformed", "the origin, which is on no curve", "P-256", {"x": uint(0, 32), "y": uint(0, 32)}),
    ("malformed", "the coordinates of another curve", "P-384", {"crv": "P-256"}),
    ("malformed", "a coordinate with a leading zero too many", "P-256", point_at_5(uint(5, 33))),
    ("malformed", "a coordinate without its leading zeros", "P-256", point_at_5(uint(5))),
    ("malformed", "a coordinate beyond the field", "P-256", point_at_5(uint(5 + P256_FIELD))),
    ("malformed", "31 octets", "Ed25519", {"x": base64url.encode(ED25519_X[:-1])}),
    ("malformed", "33 octets", "Ed25519", {"x": base64url.encode(ED25519_X + b"\0")}),
    ("malformed", "a height without a point", "Ed25519", {"x": base64url.encode(b"\2" + bytes(31))}),
    ("malformed", "the neutral element", "Ed25519", {"x": base64url.encode(b"\1" + bytes(31))}),
    ("malformed", "a point of order 4", "Ed25519", {"x": base64url.encode(bytes(32))}),
    ("malformed", "a point of order 8", "Ed25519", {"x": base64url.encode(ORDER_8)}),
    ("malformed", "a height beyond the field", "Ed25519", {"x": little_endian(2**255 - 19 + 3)}),
    ("malformed", "a good key plus the point of order 2", "Ed25519", {"x": plus_the_point_of_order_2(ED25519_X)}),
]


def changed(start: str, change: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**VALID[start], **change}.items() if value is not ABSENT}


@pytest.mark.parametrize(
    ("reason", "start", "change"),
    [pytest.param(reason, start, change, id=claim) for reason, claim, start, change in REFUSED_JWKS],
)
def test_a_jwk_is_refused_with_its_reason(reason: str, start: str, change: Mapping[str, object]) -> None:
    with pytest.raises(KeyRejected) as refusal:
        from_jwk(changed(start, change))
    assert refusal.value.reason == reason


@pytest.mark.parametrize("name", PRIVATE_MEMBERS)
@pytest.mark.parametrize("value", ["c2VjcmV0", None, [{"r": "c2VjcmV0"}]])
@pytest.mark.parametrize(
    "else_wrong",
    [
        {},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": None},
        {"n": None},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"alg": "none"},
    ],
    ids=str,
)
def test_a_private_jwk_is_refused_as_private_whatever_else_is_wrong(
    name: str, value: object, else_wrong: Mapping[str, object]
) -> None:
    with pytest.raises(KeyRejected) as refusal:
        from_jwk(changed("RSA", {**else_wrong, name: value}))
    assert refusal.value.reason == "private"
    assert "c2VjcmV0" not in refusal.value.detail


@pytest.mark.parametrize("name", ["kty", "use", "key_ops", "alg", "n", "e"])
@pytest.mark.parametrize("value", [DEEP, {"a": DEEP}, "A" * 1_000_000, 10**5000, float("nan")], ids=lambda _: "")
def test_no_value_of_json_is_too_odd_for_a_refusal(name: str, value: object) -> None:
    with pytest.raises(KeyRejected):
        from_jwk(changed("RSA", {name: value}))


ACCEPTED_ALGORITHMS = [
    *(("RSA", alg, alg) for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
    ("P-256", "ES256", "ES256"),
    ("P-384", "ES384", "ES384"),
    ("Ed25519", "EdDSA", "EdDSA"),
    ("Ed25519", "Ed25519", "EdDSA"),
    *(("RSA", ABSENT, "RS256"), ("P-256", ABSENT, "ES256"), ("P-384", ABSENT, "ES384"), ("Ed25519", ABSENT, "EdDSA")),
]


@pytest.mark.parametrize(("start", "asked", "given_alg"), ACCEPTED_ALGORITHMS)
def test_a_key_gets_the_algorithm_that_it_names_or_that_of_its_type(start: str, asked: object, given_alg: str) -> None:
    key = from_jwk(changed(start, {"alg": asked}))
    assert (key.kty, key.alg) == (VALID[start]["kty"], given_alg)


@pytest.mark.parametrize("key_ops", [["verify"], ["verify", "sign"], ["sign", "verify"]])
def test_a_key_for_signatures_may_say_so(key_ops: list[str]) -> None:
    assert from_jwk(changed("RSA", {"use": "sig", "key_ops": key_ops})).jwk == VALID["RSA"]


def test_other_members_are_neither_kept_nor_looked_at() -> None:
    others = {"kid": "mine", "x5c": ["MII"], "x5u": "http://169.254.169.254/", "jku": 7, "x5t#S256": None, "é": DEEP}
    assert from_jwk(changed("RSA", others)) == from_jwk(VALID["RSA"])


@pytest.mark.parametrize("bits", [3072, 4096])
def test_a_larger_rsa_key_is_taken(bits: int) -> None:
    modulus = rsa.generate_private_key(65537, bits).public_key().public_numbers().n
    assert from_jwk(changed("RSA", {"n": uint(modulus)})).jwk["n"] == uint(modulus)


def test_a_point_with_a_small_coordinate_is_taken_with_its_leading_zeros() -> None:
    assert from_jwk(changed("P-256", point_at_5(uint(5, 32)))).jwk["x"] == uint(5, 32)


def test_the_kid_is_the_thumbprint_of_rfc_7638_section_3_1() -> None:
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4"
        "n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0"
        "zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-c"
        "sFCur-kEgU8awapJzKnqDKgw"
    )
    key = from_jwk({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})
    assert key.kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_kid_is_the_thumbprint_of_rfc_8037_section_a_3() -> None:
    key = from_jwk({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("start", VALID)
def test_the_kid_is_the_one_that_another_library_computes(start: str) -> None:
    key = from_jwk(VALID[start])
    assert key.kid == import_key(dict(key.jwk)).thumbprint()


def pem(key: PublicKeyTypes, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return key.public_bytes(Encoding.PEM, form).decode()


def block(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{b64encode(der).decode()}\n-----END {label}-----\n"


def private_pem(form: PrivateFormat) -> str:
    return RSA.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def rsa_pem(n: int, e: int) -> str:
    return pem(rsa.RSAPublicNumbers(e, n).public_key())


def with_unused_bits(text: str) -> str:
    """In the last character before one sign of padding the lowest two bits mean nothing."""
    before, padding, after = text.partition("=")
    return before[:-1] + chr(ord(before[-1]) + 1) + padding + after


SPKI = pem(PUBLIC_KEYS["RSA"])
PKCS1 = pem(PUBLIC_KEYS["RSA"], PublicFormat.PKCS1)
SPKI_DER = PUBLIC_KEYS["RSA"].public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PKCS1_DER = PUBLIC_KEYS["RSA"].public_bytes(Encoding.DER, PublicFormat.PKCS1)
OPENSSH = PUBLIC_KEYS["RSA"].public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
DSA = pem(dsa.DSAPublicNumbers(4, dsa.DSAParameterNumbers(2**2047 + 1, 2**255 + 1, 2)).public_key())
DIFFIE_HELLMAN_DER = b64decode(  # cryptography warns when it reads one, and a warning is an exception here
    "MHswcwYJKoZIhvcNAQMBMGYCYQD//////////8kP2qIhaMI0xMZii4DcHNEpAk4IimfMdAILvqY7E5siUUoIeY40BN3vlRmzzTpDGzArCm3y"
    "XxQ3T+E1bW1RwkXkhbV2Yl5+xvRMQummOjYg//////////8CAQIDBAACAQQ="
)

REFUSED_PEMS = [
    ("private", "a PKCS#8 private key", private_pem(PrivateFormat.PKCS8)),
    ("private", "an RSA private key", private_pem(PrivateFormat.TraditionalOpenSSL)),
    ("private", "an OpenSSH private key", private_pem(PrivateFormat.OpenSSH)),
    ("private", "a private key after a public one", SPKI + private_pem(PrivateFormat.PKCS8)),
    ("private", "a private key in small letters", private_pem(PrivateFormat.PKCS8).lower()),
    ("private", "a private key that is cut off", private_pem(PrivateFormat.PKCS8)[:100]),
    ("size", "1024 bits", rsa_pem(2**1023 + 1, 65537)),
    ("exponent", "exponent 3", rsa_pem(N, 3)),
    ("weak_modulus", "the ROCA fingerprint", rsa_pem(ROCA, 65537)),
    ("curve", "P-521", pem(P521.public_key())),
    ("curve", "the curve of bitcoin", pem(K256.public_key())),
    ("curve", "Ed448", pem(ed448.Ed448PrivateKey.generate().public_key())),
    ("curve", "a key for key agreement", pem(x25519.X25519PrivateKey.generate().public_key())),
    ("type", "DSA", DSA),
    ("type", "Diffie-Hellman", block("PUBLIC KEY", DIFFIE_HELLMAN_DER)),
    ("type", "an algorithm that nobody knows", block("PUBLIC KEY", SPKI_DER.replace(b"\x01\x01\x01", b"\x01\x01\x7f"))),
    ("malformed", "nothing", ""),
    ("malformed", "two keys", SPKI + SPKI),
    ("malformed", "a key and a word", SPKI + "mine"),
    ("malformed", "a word and a key", "mine\n" + SPKI),
    ("malformed", "a certificate", block("CERTIFICATE", SPKI_DER)),
    ("malformed", "an OpenSSH public key", OPENSSH),
    ("malformed", "a JWK", '{"kty": "RSA"}'),
    ("malformed", "PKCS#1 that is called SPKI", block("PUBLIC KEY", PKCS1_DER)),
    ("malformed", "SPKI that is called PKCS#1", block("RSA PUBLIC KEY", SPKI_DER)),
    ("malformed", "an EC key that is called PKCS#1", pem(P256.public_key()).replace("PUBLIC", "RSA PUBLIC")),
    ("malformed", "an end that belongs to another block", SPKI.replace("END PUBLIC", "END RSA PUBLIC")),
    ("malformed", "no end", SPKI.partition("-----END")[0]),
    ("malformed", "an octet after the key", block("PUBLIC KEY", SPKI_DER + b"\0")),
    ("malformed", "an octet too few", block("PUBLIC KEY", SPKI_DER[:-1])),
    ("malformed", "headers in the block", SPKI.replace("KEY-----\n", "KEY-----\nProc-Type: 4\n\n", 1)),
    ("malformed", "unused bits that are set", with_unused_bits(pem(PUBLIC_KEYS["Ed25519"]))),
    ("malformed", "letters of another script", SPKI.replace("A", "\u0391")),
    ("malformed", "a lone surrogate", SPKI.replace("A", "\ud800")),
]


@pytest.mark.parametrize(
    ("reason", "text"), [pytest.param(reason, text, id=claim) for reason, claim, text in REFUSED_PEMS]
)
def test_a_pem_is_refused_with_its_reason(reason: str, text: str) -> None:
    with pytest.raises(KeyRejected) as refusal:
        from_pem(text)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("start", VALID)
def test_a_key_is_the_same_in_pem_and_as_a_jwk(start: str) -> None:
    assert from_pem(pem(PUBLIC_KEYS[start])) == from_jwk(VALID[start])


@pytest.mark.parametrize(
    "text", [PKCS1, SPKI.replace("\n", "\r\n"), f"\n  {SPKI}\n\n", SPKI.replace("\n", "\n  ").strip()]
)
def test_white_space_and_the_older_form_do_not_change_a_key(text: str) -> None:
    assert from_pem(text) == from_jwk(VALID["RSA"])


MEMBER_NAMES = ["kty", "crv", "alg", "use", "key_ops", "n", "e", "x", "y", "k", *PRIVATE_MEMBERS]
STRINGS = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    sorted({str(value) for jwk in VALID.values() for value in jwk.values()} | {"sig", "verify", "oct", "AA", "RS256"})
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(MEMBER_NAMES) | STRINGS, JSON, max_size=4)


@settings(deadline=None)
@given(st.sampled_from([{}, *VALID.values()]), OBJECTS, st.sets(st.sampled_from(MEMBER_NAMES), max_size=1))
def test_any_json_object_is_a_key_or_a_refusal(
    start: Mapping[str, object], change: Mapping[str, object], without: set[str]
) -> None:
    jwk = {name: value for name, value in {**start, **change}.items() if name not in without}
    with suppress(KeyRejected):
        key = from_jwk(jwk)
        assert key.jwk.items() <= jwk.items()
        assert from_jwk({**key.jwk, "alg": key.alg}) == key


PEM_PARTS = [SPKI, PKCS1, *(line + "\n" for line in [*SPKI.split("\n"), *PKCS1.split("\n")])]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PEM_PARTS) | STRINGS, max_size=8))
def test_any_text_is_a_key_or_a_refusal(parts: list[str]) -> None:
    with suppress(KeyRejected):
        assert from_pem("".join(parts)) == from_jwk(VALID["RSA"])


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_of_a_key_that_stands_there_with_its_private_half_the_public_one_is_known(alg: str) -> None:
    key = make_key(alg)
    found = exposed(key.as_dict(private=True))
    assert found is not None
    assert (found.kid, found.alg) == (key.thumbprint(), alg)
    assert not found.jwk.keys() & {"d", "p", "q", "dp", "dq", "qi"}


def test_what_gives_no_private_half_away_or_is_no_key_is_not_exposed() -> None:
    whole = make_key("ES256").as_dict(private=True)
    for jwk in (
        {**whole, "d": None},
        {**whole, "d": ""},
        {**whole, "crv": "P-521"},
        {"kty": "oct", "k": "x"},
        {"d": "x"},
    ):
        assert exposed(jwk) is None
