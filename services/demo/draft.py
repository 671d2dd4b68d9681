"""A launch token in the making: what it says, and the key that signs it. Faults change one before it is signed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from keys import base64url


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, the algorithm that it signs with, and its RFC 7638 thumbprint."""

    kid: str
    alg: str
    key: RSAKey | ECKey = field(repr=False)

    @classmethod
    def of(cls, key: RSAKey | ECKey) -> Self:
        """Return the key with the algorithm that an EHR uses it with: RSA with RS256, P-256 with ES256."""
        return cls(key.thumbprint(), "RS256" if isinstance(key, RSAKey) else "ES256", key)

    def sign(self, octets: bytes) -> bytes:
        """Return the signature (RFC 7518 3.3, 3.4)."""
        return JWSRegistry.algorithms[self.alg].sign(octets, self.key)

    def public_jwk(self) -> dict[str, object]:
        """Return the public half as a JWK."""
        return dict(self.key.as_dict(private=False))

    def public_pem(self) -> bytes:
        """Return the public half in PEM, as an EHR's vendor sends it round."""
        return self.key.as_pem(private=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """`header` and `claims` are what the token will say; it is signed with `key`, whatever the header says."""

    key: SigningKey
    claims: Mapping[str, object]
    header: Mapping[str, object]

    @classmethod
    def of(cls, key: SigningKey, claims: Mapping[str, object]) -> Self:
        """Return the draft of a good token."""
        return cls(key, claims, {"alg": key.alg, "typ": "JWT", "kid": key.kid})

    def saying(self, **claims: object) -> "Draft":
        """Return the draft with claims changed."""
        return replace(self, claims={**self.claims, **claims})

    def without(self, claim: str) -> "Draft":
        """Return the draft with a claim left out."""
        return replace(self, claims={name: value for name, value in self.claims.items() if name != claim})

    def headed(self, **header: object) -> "Draft":
        """Return the draft with header parameters changed."""
        return replace(self, header={**self.header, **header})

    def with_bsn(self, bsn: str | None) -> "Draft":
        """Return the draft with another BSN, and the rest that is told of the patient."""
        told = self.claims.get("patientInfo", {})
        return self.saying(patientInfo={**(told if isinstance(told, dict) else {}), "bsn": bsn})

    def number(self, claim: str) -> int:
        """Return a claim that is a number, such as `iat`."""
        value = self.claims[claim]
        return value if isinstance(value, int) else 0

    def signed(self) -> str:
        """Return the token in compact form (RFC 7515 7.1)."""
        return self.signed_by(self.key.sign)

    def signed_by(self, sign: Callable[[bytes], bytes]) -> str:
        """Return the token with the signature that `sign` makes of the signing input."""
        signing_input = f"{_segment(self.header)}.{_segment(self.claims)}"
        return f"{signing_input}.{base64url.encode(sign(signing_input.encode()))}"


def _segment(members: Mapping[str, object]) -> str:
    return base64url.encode(json.dumps(members).encode())
