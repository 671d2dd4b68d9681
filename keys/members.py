"""The public members of a JWK (RFC 7518 6, RFC 8037 2), read strictly and written canonically."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec

from common.errors import KeyRejected
from keys import base64url
from keys.edwards import is_public_key
from keys.modulus import is_weak

_RSA_BITS = range(2048, 4096 + 1)
_RSA_EXPONENT = 65537
_EC_CURVES: Mapping[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
_ED25519_OCTETS = 32


def public_members(jwk: Mapping[str, object]) -> dict[str, str]:
    """Return the members that RFC 7638 3.2 requires for the key's type, and no others.

    Raises KeyRejected: `malformed`, `type`, `size`, `exponent`, `weak_modulus` or `curve`.
    """
    match _text(jwk, "kty"):
        case "RSA":
            return _rsa(jwk)
        case "EC":
            return _elliptic(jwk)
        case "OKP":
            return _edwards(jwk)
        case _:
            raise KeyRejected("type", "The key must be an RSA, EC or OKP key.")


def _rsa(jwk: Mapping[str, object]) -> dict[str, str]:
    n, e = _integer(jwk, "n"), _integer(jwk, "e")
    modulus = int.from_bytes(n)
    if modulus.bit_length() not in _RSA_BITS:
        raise KeyRejected("size", "An RSA key must have 2048 to 4096 bits.")
    if int.from_bytes(e) != _RSA_EXPONENT:
        raise KeyRejected("exponent", "The public exponent of an RSA key must be 65537 (AQAB).")
    if is_weak(modulus):
        raise KeyRejected("weak_modulus", "This RSA modulus can be factored; make a new key with another library.")
    return {"kty": "RSA", "n": base64url.encode(n), "e": base64url.encode(e)}


def _elliptic(jwk: Mapping[str, object]) -> dict[str, str]:
    crv = _text(jwk, "crv")
    curve = _EC_CURVES.get(crv)
    if curve is None:
        raise KeyRejected("curve", "The curve of an EC key must be P-256 or P-384.")
    x, y = _octets(jwk, "x"), _octets(jwk, "y")
    if not len(x) == len(y) == curve.key_size // 8:
        raise KeyRejected("malformed", "The coordinates must have the full length of the curve, with leading zeros.")
    if not _is_point(ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve)):
        raise KeyRejected("malformed", "The coordinates must be those of a point on the curve.")
    return {"kty": "EC", "crv": crv, "x": base64url.encode(x), "y": base64url.encode(y)}


def _is_point(numbers: ec.EllipticCurvePublicNumbers) -> bool:
    try:
        return numbers.public_key().public_numbers() == numbers  # OpenSSL reduces a coordinate above the prime
    except ValueError:
        return False


def _edwards(jwk: Mapping[str, object]) -> dict[str, str]:
    if _text(jwk, "crv") != "Ed25519":
        raise KeyRejected("curve", "The curve of an OKP key must be Ed25519.")
    x = _octets(jwk, "x")
    if len(x) != _ED25519_OCTETS or not is_public_key(x):
        raise KeyRejected("malformed", "The member x must be the 32 octets of an Ed25519 public key.")
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(x)}


def _integer(jwk: Mapping[str, object], name: str) -> bytes:
    """A Base64urlUInt of RFC 7518 2: big-endian, in as few octets as it takes."""
    octets = _octets(jwk, name)
    if octets[0] == 0:
        raise KeyRejected("malformed", f"The member {name} must be positive, without leading zero octets.")
    return octets


def _octets(jwk: Mapping[str, object], name: str) -> bytes:
    text = _text(jwk, name)
    try:
        return base64url.decode(text)
    except ValueError:
        raise KeyRejected("malformed", f"The member {name} must be canonical base64url without padding.") from None


def _text(jwk: Mapping[str, object], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str) or not value:
        raise KeyRejected("malformed", f"The key must have a member {name}, a string that is not empty.")
    return value
