"""An EHR that signs launch tokens."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from keys import base64url

_RS256: Final = JWSRegistry.algorithms["RS256"]
PROFESSIONALS: Final = 20
PATIENTS: Final = ("100000009", "111222333", "123456782", "999990019")


@dataclass(frozen=True, slots=True)
class Vendor:
    """An EHR with an RSA key of 2048 bits."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, private=True), repr=False)

    def public_jwk(self) -> dict[str, Any]:
        """Return its public key, as a company registers it."""
        return {**self.key.as_dict(private=False), "alg": "RS256"}

    def tokens(self, count: int, now: datetime) -> Sequence[str]:
        """Return so many launch tokens, each with a `jti` of its own; some professionals, some patients."""
        return [self._token(number, int(now.timestamp())) for number in range(count)]

    def _token(self, number: int, at: int) -> str:
        patient, mail = number % len(PATIENTS), f"prof{number % PROFESSIONALS}@example.nl"
        claims = {
            "sub": f"professional-{number % PROFESSIONALS}",
            "jti": str(uuid.uuid4()),
            "iat": at,
            "exp": at + 300,
            "treatmentRelationshipId": f"treatment-{patient}",
            "profInfo": {"firstname": "John", "lastname": "de Vries", "email": mail},
            "patientInfo": {"bsn": PATIENTS[patient]},
        }
        parts = ({"alg": "RS256", "typ": "JWT", "kid": self.key.thumbprint()}, claims)
        signing_input = ".".join(base64url.encode(json.dumps(part).encode()) for part in parts)
        return f"{signing_input}.{base64url.encode(_RS256.sign(signing_input.encode(), self.key))}"
