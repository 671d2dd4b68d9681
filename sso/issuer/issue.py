"""One way to make a token: profile, claims and time in, a signed token out."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from joserfc.jws import JWSRegistry

from keys import base64url
from keys.ring import KeyRing
from schemas.claims import AccessClaims, claims_to_sign
from schemas.profiles import A, AccessProfile


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token in compact form, and in how many seconds it expires."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Issues access tokens (RFC 9068) under our own ES256 key. `issuer` is our URL, and the audience too."""

    ring: KeyRing
    issuer: str

    def issue(
        self, profile: AccessProfile[A], claims: dict[str, Any], now: datetime, *, until: datetime | None = None
    ) -> IssuedToken:
        """Return a signed token with these claims (`sub`, `client_id` and those of the profile) and the common ones.

        It lasts for the profile's lifetime, but never past `until`.
        """
        issued_at = int(now.timestamp())
        expires_at = issued_at + int(profile.lifetime.total_seconds())
        if until is not None:
            expires_at = min(expires_at, int(until.timestamp()))
        common = {"iss": self.issuer, "aud": self.issuer, "iat": issued_at, "exp": expires_at, "jti": str(uuid.uuid4())}
        complete: AccessClaims = profile.claims.model_validate(common | claims)
        return IssuedToken(signed(self.ring, "at+jwt", claims_to_sign(complete), now), expires_at - issued_at)


def signed(ring: KeyRing, typ: str, claims: str, now: datetime) -> str:
    """Return a JWS in compact form (RFC 7515 7.1) under the key of a ring that signs now. Raises Unavailable.

    `claims` are the text of a JSON object.
    """
    kid, key = ring.signing(now)
    signing_input = f"{_header(ring.alg, typ, kid)}.{base64url.encode(claims.encode())}"
    signature = JWSRegistry.algorithms[ring.alg].sign(signing_input.encode(), key)
    return f"{signing_input}.{base64url.encode(signature)}"


@lru_cache(maxsize=32)
def _header(alg: str, typ: str, kid: str) -> str:
    """Return a JOSE header as it stands in a token: the same in all tokens of a kind under one key."""
    return base64url.encode(json.dumps({"alg": alg, "typ": typ, "kid": kid}, separators=(",", ":")).encode())
