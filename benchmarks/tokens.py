"""Launch tokens as an EHR makes them: a new `jti` each, signed before the round in which they are used.

Signed by the library underneath and on all processors, as a signature takes ten times what its verification takes.
"""

import json
import os
import time
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import RSAKey

from keys import base64url

_SIGNERS: Final = ThreadPoolExecutor(os.cpu_count(), "signer")  # the library gives up the interpreter's lock


@dataclass(slots=True)
class Vendor:
    """An EHR with an RSA key of 2048 bits, which signs with RS256."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)
    kid: str = ""
    _header: str = ""

    def __post_init__(self) -> None:
        """Name the key, and write the header that all of its tokens have."""
        self.kid = str(self.public_key().thumbprint())
        self._header = base64url.encode(json.dumps({"alg": "RS256", "typ": "JWT", "kid": self.kid}).encode())

    def public_key(self) -> RSAKey:
        """Return the public half."""
        numbers = self.key.public_key().public_numbers()
        octets = (number.to_bytes((number.bit_length() + 7) // 8) for number in (numbers.n, numbers.e))
        return RSAKey.import_key({"kty": "RSA", **dict(zip("ne", map(base64url.encode, octets), strict=True))})

    def public_jwk(self) -> dict[str, Any]:
        """Return the public half as a company registers it."""
        return {**self.public_key().as_dict(private=False), "alg": "RS256"}

    def sign(self, claims: Iterable[dict[str, Any]]) -> list[str]:
        """Return a token for each of these claims."""
        return sign_each((self, one) for one in claims)

    def sign_one(self, claims: dict[str, Any]) -> str:
        """Return the token that says `claims`."""
        signing_input = f"{self._header}.{base64url.encode(json.dumps(claims).encode())}"
        signature = self.key.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signing_input}.{base64url.encode(signature)}"


def sign_each(said: Iterable[tuple[Vendor, dict[str, Any]]]) -> list[str]:
    """Return a token for each EHR and what it says, in this order."""
    return list(_SIGNERS.map(lambda pair: pair[0].sign_one(pair[1]), said))


def launch_claims(sub: str, bsn: str, relationship: str) -> dict[str, Any]:
    """Return the claims of a launch now, of a professional with a patient."""
    now = int(time.time())
    return {
        "sub": sub,
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 300,
        "treatmentRelationshipId": relationship,
        "profInfo": {"firstname": "John", "lastname": "de Vries", "email": f"{sub}@praktijk.nl"},
        "patientInfo": {"bsn": bsn},
    }


def bsn(number: int) -> str:
    """Return a BSN for each `number` (0 to 8,999,999): the first in its hundred that passes the 11-test."""
    start = 100_000_000 + number * 100
    return next(str(digits) for digits in range(start, start + 100) if _passes(str(digits)))


def _passes(digits: str) -> bool:
    weighed = sum(int(digit) * weight for digit, weight in zip(digits[:8], range(9, 1, -1), strict=True))
    return (weighed - int(digits[8])) % 11 == 0


def assertion_claims(client_id: str, audience: str) -> dict[str, Any]:
    """Return the claims of a client assertion now (RFC 7523 3)."""
    now = int(time.time())
    jti = str(uuid.uuid4())
    return {"iss": client_id, "sub": client_id, "aud": audience, "jti": jti, "iat": now, "exp": now + 60}
