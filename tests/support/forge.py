"""RSA signatures that a lax verifier takes, made with the key itself."""

from hashlib import sha1, sha256

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from keys import base64url
from tests.support.ehr import Ehr

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_SHA1 = bytes.fromhex("3021300906052b0e03021a05000414")
_OCTETS = 256


def power(key: RSAKey | ECKey | OKPKey, message: int) -> bytes:
    """Return `message` to the private exponent, modulo n: a signature without any padding of its own."""
    private = key.private_key
    assert isinstance(private, rsa.RSAPrivateKey)
    numbers = private.private_numbers()
    n = numbers.public_numbers.n
    return pow(message % n, numbers.d, n).to_bytes(_OCTETS)


def forged_padding(token: str, how: str, ehr: Ehr) -> str:
    """Return the token with a PKCS #1 v1.5 signature whose padding is wrong in one way."""
    signing_input = token.rpartition(".")[0]
    digest = sha256(signing_input.encode()).digest()
    info = _SHA256 + digest
    block = {
        "garbage": b"\0\1" + b"\xff" * 8 + b"\0" + info + bytes(_OCTETS - 11 - len(info)),
        "short": b"\0\1" + b"\xff" * (_OCTETS - 4 - len(info)) + b"\0" + info + b"\0",
        "type 2": b"\0\2" + b"\xff" * (_OCTETS - 3 - len(info)) + b"\0" + info,
        "bare": b"\0\1" + b"\xff" * (_OCTETS - 3 - len(digest)) + b"\0" + digest,
        "sha1": _with_sha1(signing_input),
        "none": b"\0\1" + b"\xff" * (_OCTETS - 3 - len(info)) + b"\0" + info,
    }[how]
    return f"{signing_input}.{base64url.encode(power(ehr.key, int.from_bytes(block)))}"


def pss(token: str, ehr: Ehr) -> str:
    """Return the token with a good PSS signature in place of its own."""
    signing_input = token.rpartition(".")[0]
    signature = JWSRegistry.algorithms["PS256"].sign(signing_input.encode(), ehr.key)
    return f"{signing_input}.{base64url.encode(signature)}"


def _with_sha1(signing_input: str) -> bytes:
    info = _SHA1 + sha1(signing_input.encode(), usedforsecurity=False).digest()
    return b"\0\1" + b"\xff" * (_OCTETS - 3 - len(info)) + b"\0" + info
