"""The tokens of the floor: verified with the cryptography underneath, checked by hand, signed by hand."""

import hmac
import json
import time
import uuid
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from benchmarks.peers.setting import ISSUER

ECDSA, PKCS1, SHA256 = ec.ECDSA(hashes.SHA256()), padding.PKCS1v15(), hashes.SHA256()


def decode(segment: str) -> bytes:
    """Return the octets of base64url. Raises ValueError."""
    return a2b_base64(segment.replace("-", "+").replace("_", "/") + "=" * (-len(segment) % 4), strict_mode=True)


def encode(octets: bytes) -> str:
    """Return octets as base64url."""
    return b2a_base64(octets, newline=False).decode().rstrip("=").replace("+", "-").replace("/", "_")


@lru_cache(1024)
def header_of(segment: str) -> dict[str, Any]:
    """Return the header of a token, parsed once for all tokens that have the same."""
    header: dict[str, Any] = json.loads(decode(segment))
    if header["alg"] not in {"RS256", "ES256"} or header.get("typ") not in {None, "JWT", "at+jwt"} or "crit" in header:
        raise ValueError("another header")
    return header


@lru_cache(1024)
def rsa_key(jwk: str) -> rsa.RSAPublicKey:
    """Return a public key, imported once."""
    members = json.loads(jwk)
    e, n = (int.from_bytes(decode(members[name])) for name in "en")
    return rsa.RSAPublicNumbers(e, n).public_key()


def launch_claims(token: str, jwk: str, company_id: str) -> dict[str, Any]:
    """Return the claims of a launch token. Raises ValueError, KeyError or InvalidSignature."""
    signing_input, _, signature = token.rpartition(".")
    if header_of(signing_input.partition(".")[0])["alg"] != "RS256":
        raise ValueError("another algorithm")
    rsa_key(jwk).verify(decode(signature), signing_input.encode(), PKCS1, SHA256)
    claims: dict[str, Any] = json.loads(decode(signing_input.partition(".")[2]))
    now, bsn = time.time(), claims["patientInfo"]["bsn"]
    fresh = now - 300 <= claims["iat"] <= now + 30 and claims.get("exp", now) > now - 30
    texts = (claims["sub"], claims["jti"], claims["treatmentRelationshipId"])
    named = all(isinstance(text, str) and 0 < len(text) < 256 for text in texts)  # noqa: PLR2004 - the schema's
    if not fresh or not named or claims.get("iss", company_id) != company_id or not _is_bsn(bsn):
        raise ValueError("a claim")
    return claims


def _is_bsn(bsn: str) -> bool:
    digits = [int(digit) for digit in bsn.zfill(9)]
    weighed = sum(digit * weight for digit, weight in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
    return weighed % 11 == 0 and any(digits)


def es256(claims: dict[str, Any], key: ec.EllipticCurvePrivateKey) -> str:
    """Return an access token."""
    parts = ({"alg": "ES256", "typ": "at+jwt", "kid": "floor"}, claims)
    signing_input = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    r, s = decode_dss_signature(key.sign(signing_input.encode(), ECDSA))
    return f"{signing_input}.{encode(r.to_bytes(32) + s.to_bytes(32))}"


def access_claims(**further: str) -> dict[str, Any]:
    """Return the claims that all access tokens have, and further ones."""
    now = int(time.time())
    return {"iss": ISSUER, "aud": ISSUER, "iat": now, "exp": now + 900, "jti": str(uuid.uuid4()), **further}


def bearer(token: str, key: ec.EllipticCurvePublicKey) -> tuple[uuid.UUID, bytes, int]:
    """Return company, digest of `jti` and `exp` of a bearer token that may read permissions."""
    signing_input, _, signature = token.rpartition(".")
    octets = decode(signature)
    der = encode_dss_signature(int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
    key.verify(der, signing_input.encode(), ECDSA)
    header, _, payload = signing_input.partition(".")
    claims = json.loads(decode(payload))
    audience = claims["iss"] == ISSUER == claims["aud"] and header_of(header)["typ"] == "at+jwt"
    if not audience or "permission:read" not in claims["scope"].split() or claims["role"] != "HealthcareCompany":
        raise ValueError("another token")
    return uuid.UUID(claims["sub"]), sha256(claims["jti"].encode()).digest(), claims["exp"]


def company_form(pseudoniem: uuid.UUID, company_id: uuid.UUID) -> str:
    """Return the pseudoniem that a company sees (ADR 0004)."""
    octets = bytearray(hmac.digest(pseudoniem.bytes, b"company pseudoniem" + company_id.bytes, "sha256")[:16])
    octets[6], octets[8] = octets[6] & 0x0F | 0x80, octets[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(octets)))
