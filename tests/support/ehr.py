"""A simulated EHR vendor: has a key, signs tokens, and can get any one thing wrong."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from keys import base64url
from tests.support.rsa_keys import new_rsa_key

_LIBRARY_NAME = {"EdDSA": "Ed25519"}


def make_key(alg: str) -> RSAKey | ECKey | OKPKey:
    """Return a new private key that fits an algorithm."""
    match alg[:2]:
        case "ES":
            return ECKey.generate_key({"ES256": "P-256", "ES384": "P-384"}[alg], private=True)
        case "Ed":
            return OKPKey.generate_key("Ed25519", private=True)
        case _:
            return new_rsa_key()


def jws(header: dict[str, Any] | bytes, payload: dict[str, Any] | bytes, alg: str, key: Key) -> str:
    """Return a compact JWS; header and payload as members or as the very bytes to sign."""
    segments = [
        base64url.encode(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, payload)
    ]
    signing_input = ".".join(segments)
    signature = JWSRegistry.algorithms[_LIBRARY_NAME.get(alg, alg)].sign(signing_input.encode(), key)
    return f"{signing_input}.{base64url.encode(signature)}"


@dataclass
class Ehr:
    """An EHR with one key. `kid` None signs without one."""

    alg: str = "RS256"
    key: RSAKey | ECKey | OKPKey = field(default=None)  # type: ignore[assignment]  # made below, it depends on alg
    kid: str | None = None

    def __post_init__(self) -> None:
        if self.key is None:
            self.key = make_key(self.alg)
        self.kid = self.key.thumbprint()

    def public_jwk(self) -> dict[str, Any]:
        """Return the public key as a company registers it."""
        return {**self.key.as_dict(private=False), "alg": self.alg}

    def header(self, **changes: Any) -> dict[str, Any]:
        """Return the header of a good token, with changes; None leaves a parameter out."""
        return _without_none({"alg": self.alg, "typ": "JWT", "kid": self.kid} | changes)

    def claims(self, now: datetime, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token, with changes; None leaves a claim out."""
        good = {"sub": "profID1241", "jti": str(uuid.uuid4()), "iat": int(now.timestamp())}
        return _without_none(good | changes)

    def sign(self, claims: dict[str, Any] | bytes, **header: Any) -> str:
        """Return the token that says `claims`."""
        return jws(self.header(**header), claims, self.alg, self.key)


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


PROFESSIONAL = {"firstname": "John", "lastname": "de Vries", "email": "john.devries@praktijk.nl"}
"""The three fields that make an account (seed)."""


def flip(token: str, segment: int) -> str:
    """Return the token with one bit of one segment (0, 1 or 2) flipped, still well-formed base64url."""
    segments = token.split(".")
    octets = bytearray(base64url.decode(segments[segment]))
    octets[len(octets) // 2] ^= 1
    segments[segment] = base64url.encode(bytes(octets))
    return ".".join(segments)
