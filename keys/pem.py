"""A public key in PEM (RFC 7468), read as the JWK that says the same, so that one policy judges both."""

import re
from base64 import b64decode, b64encode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.utils import CryptographyDeprecationWarning

from common.errors import KeyRejected
from keys import base64url

_BLOCK = re.compile(
    r"\s*-----BEGIN (?P<label>(RSA )?PUBLIC KEY)-----\s(?P<body>[A-Za-z0-9+/=\s]+)-----END (?P=label)-----\s*",
    re.ASCII,
)
_FORMATS = {"PUBLIC KEY": PublicFormat.SubjectPublicKeyInfo, "RSA PUBLIC KEY": PublicFormat.PKCS1}
_CRV = {"secp256r1": "P-256", "secp384r1": "P-384"}


def jwk_from_pem(pem: str) -> dict[str, str]:
    """Return the JWK of the one key in `pem`; whether that key is acceptable is not decided here.

    Raises KeyRejected: `private` for a private key of any kind, `malformed` for anything but one canonical
    SubjectPublicKeyInfo (RFC 5280 4.1) or RSAPublicKey (RFC 8017 A.1.1), `type` or `curve` for what has no JWK
    that we take.
    """
    if "PRIVATE KEY" in pem.upper():
        raise KeyRejected("private", "This is a private key: send the public key only, and replace this one.")
    match _load(pem):
        case rsa.RSAPublicKey() as key:
            numbers = key.public_numbers()
            return {"kty": "RSA", "n": _unsigned(numbers.n), "e": _unsigned(numbers.e)}
        case ec.EllipticCurvePublicKey() as key:
            point = key.public_numbers()
            size = (key.key_size + 7) // 8
            crv = _CRV.get(key.curve.name, key.curve.name)
            return {"kty": "EC", "crv": crv, "x": _fixed(point.x, size), "y": _fixed(point.y, size)}
        case ed25519.Ed25519PublicKey() as key:
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.public_bytes_raw())}
        case ed448.Ed448PublicKey() | x25519.X25519PublicKey() | x448.X448PublicKey():
            raise KeyRejected("curve", "The curve of an OKP key must be Ed25519.")
        case _:
            raise KeyRejected("type", "The key must be RSA, EC on P-256 or P-384, or Ed25519.")


def _load(pem: str) -> PublicKeyTypes:
    block = _BLOCK.fullmatch(pem)
    if block is None:
        raise KeyRejected("malformed", "Send exactly one PEM block, a PUBLIC KEY or an RSA PUBLIC KEY.")
    body = "".join(block["body"].split())
    try:
        der = b64decode(body, validate=True)
        key = load_der_public_key(der)
        canonical = key.public_bytes(Encoding.DER, _FORMATS[block["label"]])
    except (UnsupportedAlgorithm, CryptographyDeprecationWarning):  # the latter where warnings are errors
        raise KeyRejected("type", "The key must be RSA, EC on P-256 or P-384, or Ed25519.") from None
    except ValueError:
        raise KeyRejected("malformed", "The PEM block must hold the public key that its label says.") from None
    if der != canonical or b64encode(der).decode("ascii") != body:
        raise KeyRejected("malformed", "The PEM block must be in canonical DER, with uncompressed points.")
    return key


def _unsigned(number: int) -> str:
    return _fixed(number, (number.bit_length() + 7) // 8)


def _fixed(number: int, size: int) -> str:
    return base64url.encode(number.to_bytes(size))
