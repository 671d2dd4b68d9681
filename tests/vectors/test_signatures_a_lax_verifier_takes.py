"""Signatures that are almost right, made with the key itself: what a lax verifier takes, ours refuses.

RSA with PKCS #1 v1.5 has one good block for a message (RFC 8017 9.2): all others are made here and signed, as in
Bleichenbacher's attack of 2006. On curves the group has a small order or a second representative to try.
"""

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha1, sha256, sha384

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from common.errors import BadSignature, TokenRejected
from keys import base64url
from tests.support.ehr import Ehr
from tests.support.signed import SignatureCheck

OCTETS = 256
SHA256 = "3031300d060960864801650304020105000420"
"""DigestInfo of RFC 8017 9.2, note 1, before the 32 octets of the digest."""
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


@cache
def ehr(alg: str) -> Ehr:
    return Ehr(alg)


@cache
def registered(alg: str) -> SignatureCheck:
    return SignatureCheck(ehr(alg).public_jwk())


def parts(alg: str) -> tuple[str, bytes]:
    """Return what a good token signs, and its signature."""
    signing_input, _, signature = ehr(alg).sign({"sub": "profID1241"}, kid=None).rpartition(".")
    return signing_input, base64url.decode(signature)


async def accepts(alg: str, signing_input: str, signature: bytes) -> bool:
    """Return whether the signature verifies. Raises any refusal but that of a signature that is wrong."""
    try:
        await registered(alg).payload(f"{signing_input}.{base64url.encode(signature)}")
    except BadSignature:
        return False
    return True


def block(info: bytes, *, size: int = OCTETS, start: bytes = b"\0\1", fill: bytes = b"\xff") -> bytes:
    """Return the block of RFC 8017 9.2 around a DigestInfo, or what looks like it."""
    return start + fill * (size - len(start) - 1 - len(info)) + b"\0" + info


def private_power(message: int) -> bytes:
    """Return `message` to the private exponent, by the Chinese remainder theorem."""
    key = ehr("RS256").key.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    of_p, of_q = pow(message, numbers.dmp1, numbers.p), pow(message, numbers.dmq1, numbers.q)
    return (of_q + (of_p - of_q) * numbers.iqmp % numbers.p * numbers.q).to_bytes(OCTETS)


def other_blocks(signed: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield blocks that are not the good one, by what is wrong with them."""
    digest = sha256(signed).digest()
    good = block(bytes.fromhex(SHA256) + digest)
    for place in (*range(0, OCTETS - 52, 2), *range(OCTETS - 52, OCTETS)):
        yield f"octet {place}", good[:place] + bytes([good[place] ^ 0x01]) + good[place + 1 :]
    algorithm = "300d06096086480165030402010500"
    for name, text in {
        "no NULL": f"302f300b0609608648016503040201{'0420'}",
        "two NULLs": "3033300f060960864801650304020105000500" + "0420",
        "a parameter of one octet": "3032300e06096086480165030402010401000420",
        "a long length outside": "308131" + algorithm + "0420",
        "a long length of the digest": "3032" + algorithm + "048120",
        "a long length of the algorithm": "303230810d060960864801650304020105000420",
        "an indefinite length": "3080" + algorithm + "0420",
        "a length of zero outside": "3000" + algorithm + "0420",
        "the digest as a bit string": "3032" + algorithm + "032100",
        "the digest as a sequence": "3031" + algorithm + "3020",
        "an object identifier that is longer": "3032300e060a6086480165030402010005000420",
        "the name of SHA-1": "3021300906052b0e03021a05000420",
        "the name of SHA-384": "3031300d060960864801650304020205000420",
        "the name of SHA-512": "3031300d060960864801650304020305000420",
        "the name of MD5": "302c300c06082a864886f70d020505000420",
        "no name at all": "0420",
        "nothing before the digest": "",
    }.items():
        yield name, block(bytes.fromhex(text) + digest)
    info = bytes.fromhex(SHA256) + digest
    for count in (1, 2, 8, 64, 194):
        yield f"{count} octets behind, inside", block(info + bytes(count))
        yield f"padding that is {count} octets shorter", block(info, size=OCTETS - count).ljust(OCTETS, b"\0")
    for count in (1, 8, 100, 194):
        yield f"{count} octets of garbage at the end", block(info, size=OCTETS - count) + b"\xaa" * count
    for cut in (1, 16, 31, 32):
        yield f"a digest without its last {cut} octets", block(bytes.fromhex(SHA256) + digest[:-cut])
    for name, start in {"type 0": b"\0\0", "type 2": b"\0\2", "one more in front": b"\0\0\1"}.items():
        yield name, block(info, start=start)
    for name, fill in {"zeros": b"\0", "0xfe": b"\xfe", "0x7f": b"\x7f"}.items():
        yield f"padding of {name}", block(info, fill=fill)
    yield (
        "SHA-1 under its own name",
        block(bytes.fromhex("3021300906052b0e03021a05000414") + sha1(signed, usedforsecurity=False).digest()),
    )
    yield (
        "SHA-384 under its own name",
        block(bytes.fromhex("3041300d060960864801650304020205000430") + sha384(signed).digest()),
    )
    yield "a digest of something else", block(bytes.fromhex(SHA256) + sha256(b"").digest())


async def test_of_all_blocks_in_an_rsa_signature_only_the_good_one_verifies() -> None:
    signing_input, signature = parts("RS256")
    good = block(bytes.fromhex(SHA256) + sha256(signing_input.encode()).digest())
    assert private_power(int.from_bytes(good)) == signature
    assert await accepts("RS256", signing_input, signature)
    others = dict(other_blocks(signing_input.encode()))
    assert good not in others.values()
    assert len(others) > 190
    taken = [
        name
        for name, wrong in others.items()
        if await accepts("RS256", signing_input, private_power(int.from_bytes(wrong)))
    ]
    assert taken == []


def of_rsa(change: Callable[[int, int], int]) -> Callable[[bytes], bytes]:
    """Return what makes another representative of a signature out of it and the modulus."""

    def changed(signature: bytes) -> bytes:
        key = ehr("RS256").key.private_key
        assert isinstance(key, rsa.RSAPrivateKey)
        value = change(int.from_bytes(signature), key.private_numbers().public_numbers.n)
        return value.to_bytes(max(OCTETS, (value.bit_length() + 7) // 8))

    return changed


def of_p256(change: Callable[[int, int], tuple[int, int]]) -> Callable[[bytes], bytes]:
    return lambda octets: b"".join(
        value.to_bytes(32) for value in change(int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
    )


def plus_order(octets: bytes) -> bytes:
    """S + L: RFC 8032 5.1.7 wants S below the order, many verifiers did not look."""
    s = int.from_bytes(octets[32:], "little") + ED25519_ORDER
    return octets[:32] + s.to_bytes(32, "little")


ALMOST: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "RSA, the modulus added": ("RS256", of_rsa(lambda s, n: s + n)),
    "RSA, twice the modulus added": ("RS256", of_rsa(lambda s, n: s + 2 * n)),
    "RSA, its complement": ("RS256", of_rsa(lambda s, n: n - s)),
    "RSA, the modulus": ("RS256", of_rsa(lambda _s, n: n)),
    "RSA, n - 1": ("RS256", of_rsa(lambda _s, n: n - 1)),
    "RSA, a zero in front": ("RS256", lambda s: b"\0" + s),
    "RSA, a zero behind": ("RS256", lambda s: s + b"\0"),
    "RSA, without its first octet": ("RS256", lambda s: s[1:]),
    "RSA, twice": ("RS256", lambda s: s * 2),
    "RSA, backwards": ("RS256", lambda s: s[::-1]),
    "P-256, r and s changed places": ("ES256", of_p256(lambda r, s: (s, r))),
    "P-256, r negated": ("ES256", of_p256(lambda r, s: (P256_ORDER - r, s))),
    "P-256, r of zero": ("ES256", of_p256(lambda _r, s: (0, s))),
    "P-256, s of zero": ("ES256", of_p256(lambda r, _s: (r, 0))),
    "P-256, r = s = 1": ("ES256", of_p256(lambda _r, _s: (1, 1))),
    "P-256, r = s = the order": ("ES256", of_p256(lambda _r, _s: (P256_ORDER, P256_ORDER))),
    "P-256, s of the order": ("ES256", of_p256(lambda r, _s: (r, P256_ORDER))),
    "P-256, zeros around": ("ES256", lambda s: b"\0" + s[:32] + b"\0" + s[32:]),
    "P-256, in the length of P-384": ("ES256", lambda s: s[:32].rjust(48, b"\0") + s[32:].rjust(48, b"\0")),
    "P-256, a zero behind": ("ES256", lambda s: s + b"\0"),
    "Ed25519, the order added to S": ("EdDSA", plus_order),
    "Ed25519, S negated": (
        "EdDSA",
        lambda s: s[:32] + (ED25519_ORDER - int.from_bytes(s[32:], "little")).to_bytes(32, "little"),
    ),
    "Ed25519, R of the neutral element": ("EdDSA", lambda s: b"\1" + bytes(31) + s[32:]),
    "Ed25519, R and S of the neutral element": ("EdDSA", lambda _s: b"\1" + bytes(63)),
    "Ed25519, a zero behind": ("EdDSA", lambda s: s + b"\0"),
    "Ed25519, its halves changed places": ("EdDSA", lambda s: s[32:] + s[:32]),
}


@pytest.mark.parametrize("case", ALMOST)
async def test_another_representative_of_a_signature_is_none(case: str) -> None:
    alg, change = ALMOST[case]
    signing_input, signature = parts(alg)
    assert await accepts(alg, signing_input, signature)
    changed = change(signature)
    assert changed != signature
    assert not await accepts(alg, signing_input, changed)


async def test_the_second_signature_that_ecdsa_gives_away_is_good_so_a_token_is_known_by_its_jti_alone() -> None:
    signing_input, signature = parts("ES256")
    twin = of_p256(lambda r, s: (r, P256_ORDER - s))(signature)
    assert twin != signature
    assert await accepts("ES256", signing_input, twin)


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256", "PS384", "PS512"])
async def test_an_rsa_signature_says_nothing_under_another_algorithm(alg: str) -> None:
    rs256 = ehr("RS256")
    signing_input, _, signature = Ehr(alg, rs256.key).sign({}, kid=None, alg="RS256").rpartition(".")
    assert not await accepts("RS256", signing_input, base64url.decode(signature))


async def test_nothing_is_too_odd_to_be_refused_as_a_signature() -> None:
    for alg in ("RS256", "ES256", "EdDSA"):
        signing_input, _ = parts(alg)
        for size in (1, 31, 32, 63, 64, 65, 255, 256, 257, 4096):
            for octet in (b"\0", b"\1", b"\x30", b"\xff"):
                assert not await accepts(alg, signing_input, octet * size)
    with pytest.raises(TokenRejected):
        await registered("ES256").payload(f"{signing_input}.")
