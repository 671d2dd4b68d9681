"""Bad tokens: each function makes one out of the draft of a good token, and changes one thing."""

import hmac
import uuid
from functools import cache
from hashlib import sha256
from typing import Final

from joserfc.jwk import ECKey, RSAKey

from schemas.profiles import MAX_TOKEN
from services.demo.draft import Draft, SigningKey
from services.demo.examples import ANNA, PETER

_WHILE: Final = 600
"""Seconds, more than a token is good for."""


@cache
def stranger(kind: type[RSAKey] | type[ECKey]) -> SigningKey:
    """Return a key that nobody knows, made when it is first asked for, and never registered."""
    return SigningKey.of(RSAKey.generate_key(2048) if kind is RSAKey else ECKey.generate_key("P-256"))


def too_large(draft: Draft) -> str:
    """Return a token beyond the size that is looked at."""
    return draft.saying(photograph="A" * MAX_TOKEN).signed()


def unsigned(draft: Draft) -> str:
    """Return a token under `none` (RFC 7515 A.5)."""
    return draft.headed(alg="none").signed_by(lambda _octets: b"")


def own_key(draft: Draft) -> str:
    """Return a token with the key to verify it in its header."""
    key = stranger(ECKey)
    return draft.headed(alg=key.alg, jwk=key.public_jwk()).signed_by(key.sign)


def of_another_kind(draft: Draft) -> str:
    """Return a token of the `typ` of access tokens."""
    return draft.headed(typ="at+jwt").signed()


def public_key_as_secret(draft: Draft) -> str:
    """Return a token with a MAC under the public key, which a verifier takes that goes by `alg` alone."""
    secret = draft.key.public_pem()
    return draft.headed(alg="HS256").signed_by(lambda octets: hmac.digest(secret, octets, sha256))


def wrong_key(draft: Draft) -> str:
    """Return a token that a stranger's key signed under the name of the EHR's."""
    return draft.signed_by(stranger(type(draft.key.key)).sign)


def altered(draft: Draft) -> str:
    """Return a token whose claims are not those that were signed."""
    header, _claims, signature = draft.signed().split(".")
    _header, altered, _signature = draft.saying(sub="somebody-else").signed().split(".")
    return f"{header}.{altered}.{signature}"


def without_jti(draft: Draft) -> str:
    """Return a token without `jti`."""
    return draft.without("jti").signed()


def short_bsn(draft: Draft) -> str:
    """Return a token with a BSN of five digits."""
    return draft.with_bsn("12345").signed()


def null_bsn(draft: Draft) -> str:
    """Return a token with a BSN of null."""
    return draft.with_bsn(None).signed()


def another_issuer(draft: Draft) -> str:
    """Return a token with the `iss` of another company."""
    return draft.saying(iss=str(uuid.uuid4())).signed()


def another_audience(draft: Draft) -> str:
    """Return a token with the `aud` of another service."""
    return draft.saying(aud="https://another-service.example").signed()


def too_old(draft: Draft) -> str:
    """Return a token from ten minutes ago."""
    return draft.saying(iat=draft.number("iat") - _WHILE).signed()


def from_the_future(draft: Draft) -> str:
    """Return a token from ten minutes ahead."""
    return draft.saying(iat=draft.number("iat") + _WHILE).signed()


def _of_new_relationship(draft: Draft) -> Draft:
    """Return the draft under a treatment relationship that is used by no other token."""
    return draft.saying(treatmentRelationshipId=f"new-{draft.claims['jti']}")


def unknown_relationship(draft: Draft) -> str:
    """Return a token with a new treatment relationship and no patient."""
    return _of_new_relationship(draft).without("patientInfo").signed()


def patient_before(draft: Draft) -> str:
    """Return a token that opens the treatment relationship of `other_patient` with another patient."""
    other = ANNA if _bsn(draft) == PETER else PETER
    return _of_new_relationship(draft).with_bsn(other).saying(jti=f"{draft.claims['jti']}-before").signed()


def other_patient(draft: Draft) -> str:
    """Return a token with a patient of its own under that treatment relationship."""
    return _of_new_relationship(draft).with_bsn(_bsn(draft)).signed()


def _bsn(draft: Draft) -> str:
    told = draft.claims.get("patientInfo")
    return str(told["bsn"]) if isinstance(told, dict) and told.get("bsn") else PETER
