"""Client assertions of company A (RFC 7523 3), good and spoiled."""

import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from keys import base64url
from tests.support.bench import Bench
from tests.support.ehr import jws
from tests.support.world import ISSUER

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Assertion:
    """One assertion of A, by its `jti`, to make as it should be or with one thing wrong."""

    bench: Bench
    jti: str = field(default_factory=lambda: str(uuid4()))

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good assertion, with changes; None leaves a claim out."""
        company_id = self.bench.a.company_id
        who = {"iss": company_id, "sub": company_id, "aud": ISSUER, "jti": self.jti}
        all_claims = who | {"iat": self.at(0), "exp": self.at(60)} | changes
        return {name: value for name, value in all_claims.items() if value is not None}

    def at(self, seconds: int) -> int:
        """Return so many seconds from now, as a NumericDate."""
        return int(self.bench.world.clock().timestamp()) + seconds

    def signed(self, **changes: Any) -> str:
        """Return it signed by A's key, with changes to its claims."""
        return self.bench.a.ehr.sign(self.claims(**changes))

    def with_header(self, **changes: Any) -> str:
        """Return it signed by A's key, with changes to its header."""
        return self.bench.a.ehr.sign(self.claims(), **changes)

    def with_text(self, payload: str) -> str:
        """Return this very text, signed by A's key."""
        return jws(self.bench.a.ehr.header(), payload.encode(), "RS256", self.bench.a.ehr.key)

    def with_aud_twice(self) -> str:
        """Return it with a second audience of the same name."""
        return self.with_text(json.dumps(self.claims())[:-1] + ', "aud": "https://evil.example"}')

    def by_mac(self, secret: bytes) -> str:
        """Return it with a MAC (HMAC-SHA256) in place of a signature."""
        signing_input = self._signing_input("HS256")
        return f"{signing_input}.{base64url.encode(hmac.digest(secret, signing_input.encode(), sha256))}"

    def unsigned(self) -> str:
        """Return it without a signature, and saying so."""
        return f"{self._signing_input('none')}."

    def _signing_input(self, alg: str) -> str:
        parts = ({"alg": alg, "typ": "JWT", "kid": self.bench.a.ehr.kid}, self.claims())
        return ".".join(base64url.encode(json.dumps(part).encode()) for part in parts)

    def form(self, text: str | None = None) -> dict[str, str]:
        """Return the parameters with which a client sends it, or what is made of it."""
        return {"client_assertion_type": TYPE, "client_assertion": self.signed() if text is None else text}
