"""The token request of a service of ours that proves by its key who it is, made by hand to change one thing of."""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from joserfc import jws

from keys.service_keys import ServiceKey

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def service_claims(service: str, issuer: str, now: datetime, **changes: Any) -> dict[str, Any]:
    """Return the claims of a good assertion, with changes; None leaves a claim out."""
    at = int(now.timestamp())
    good = {"iss": service, "sub": service, "aud": issuer, "jti": str(uuid4()), "iat": at, "exp": at + 60}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: ServiceKey, claims: dict[str, Any], **header: Any) -> str:
    """Return a JWS of these claims; None leaves a header parameter out."""
    given = {"alg": "Ed25519" if key.alg == "EdDSA" else key.alg, "kid": key.kid} | header
    protected = {name: value for name, value in given.items() if value is not None}
    return jws.serialize_compact(protected, json.dumps(claims), key.key, [protected["alg"]])


def service_assertion(service: str, key: ServiceKey, issuer: str, now: datetime) -> dict[str, str]:
    """Return the form of a good token request."""
    assertion = signed(key, service_claims(service, issuer, now))
    return {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": assertion}
