"""Which public keys of a partner we take, under which name and algorithm: a key in, a fact or a refusal out.

The rules are ours and come first, because libraries import private keys, weak moduli and keys meant for
encryption without a word. Nothing that a key points at or carries along (`jku`, `x5u`, `x5c`) is looked at.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from common.errors import KeyRejected
from keys import base64url
from keys.members import public_members
from keys.pem import jwk_from_pem

PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
"""The members that only the private half of a key has (RFC 7518 6.2.2, 6.3.2)."""
_ALGORITHMS = {  # by curve, or by type where there is none; the first is taken when the JWK names none
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "Ed25519": ("EdDSA",),
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that passed the policy. `kid` is the RFC 7638 thumbprint, `jwk` the required public members only."""

    kid: str
    kty: str
    alg: str
    jwk: Mapping[str, str]


def from_jwk(jwk: Mapping[str, object]) -> PublicKey:
    """Return the key that a JWK (RFC 7517 4) describes; members that we do not know are ignored.

    Raises KeyRejected with the first reason that applies: `private`, `symmetric`, `use`, `key_ops`, `type`,
    `malformed`, `curve`, `size`, `exponent`, `weak_modulus`, `alg`. So no leaked secret is taken for a typo.
    """
    _refuse_secrets(jwk)
    _refuse_other_purposes(jwk)
    members = public_members(jwk)
    return PublicKey(kid=_thumbprint(members), kty=members["kty"], alg=_algorithm(jwk, members), jwk=members)


def exposed(jwk: Mapping[str, object]) -> PublicKey | None:
    """Return the public part of a key that stands there with private members, for all to see; None if there is none.

    A private member that is empty or null gives nothing away. Of those members nothing is looked at or kept.
    """
    if not any(jwk.get(name) for name in PRIVATE):
        return None
    try:
        members = public_members(jwk)
    except KeyRejected:
        return None  # nor would it be taken without them
    fitting = _ALGORITHMS[members.get("crv", members["kty"])]
    return PublicKey(kid=_thumbprint(members), kty=members["kty"], alg=fitting[0], jwk=members)


def from_pem(pem: str) -> PublicKey:
    """Return the key in one PEM block, PUBLIC KEY or RSA PUBLIC KEY. Raises KeyRejected like `from_jwk`."""
    return from_jwk(jwk_from_pem(pem))


def _refuse_secrets(jwk: Mapping[str, object]) -> None:
    if not PRIVATE.isdisjoint(jwk):
        raise KeyRejected("private", "This is a private key: send the public members only, and replace this key.")
    if jwk.get("kty") == "oct" or "k" in jwk:
        raise KeyRejected("symmetric", "A shared secret cannot be registered: send a public key.")


def _refuse_other_purposes(jwk: Mapping[str, object]) -> None:
    if "use" in jwk and jwk["use"] != "sig":
        raise KeyRejected("use", "The member use must be sig, or absent.")
    if "key_ops" in jwk and not _is_for_verifying(jwk["key_ops"]):
        raise KeyRejected("key_ops", "The member key_ops must be a list with verify, or absent.")


def _is_for_verifying(key_ops: object) -> bool:
    """RFC 7517 4.3: no operation twice, and none that does not go with the others."""
    return key_ops in (["verify"], ["verify", "sign"], ["sign", "verify"])


def _algorithm(jwk: Mapping[str, object], members: Mapping[str, str]) -> str:
    fitting = _ALGORITHMS[members.get("crv", members["kty"])]
    alg = jwk.get("alg", fitting[0])
    if alg == "Ed25519":  # the name that RFC 9864 gives to EdDSA on this curve
        alg = "EdDSA"
    if not isinstance(alg, str) or alg not in fitting:
        raise KeyRejected("alg", f"The member alg must be one of {', '.join(fitting)} for this key, or absent.")
    return alg


def _thumbprint(members: Mapping[str, str]) -> str:
    """RFC 7638 3: the digest of the required members in lexical order, without white space."""
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return base64url.encode(sha256(text.encode("ascii")).digest())
