"""The keys with which our own services say who they are: a pair each, of which identity has the public half alone.

Each half is a file, in PEM (RFC 7468) or as a JWK; the policy is that of partners' keys, and so is what fixes the
algorithm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from common import strict_json
from common.errors import KeyRejected, SettingsError
from common.key_files import read_text, write_new
from keys import policy
from keys.partners import VerificationKey, imported, kept_form

_KINDS: Final[Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_CURE: Final = "`sso keys service` makes a pair"


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """One half of a pair. `kid` is the RFC 7638 thumbprint, so both halves have the same."""

    kid: str
    alg: str
    key: VerificationKey


def read_public_key(path: Path) -> ServiceKey:
    """Return the public key in a file. Raises SettingsError for what cannot be read, is private or is not taken."""
    text = read_text(path)
    try:
        public = policy.from_jwk(_jwk(text)) if _is_json(text) else policy.from_pem(text)
    except KeyRejected as error:
        if error.reason == "private":
            cure = "it is for the service alone. Give its public key here, and make a new pair if others have seen it"
            raise SettingsError(f"The key in {path} is private: {cure}.") from None
        raise _unfit(path, error) from None
    return ServiceKey(public.kid, public.alg, imported(public.kty, kept_form(public)))


def read_private_key(path: Path) -> ServiceKey:
    """Return the private key in a file, not protected by a password. Raises SettingsError, never with what is in it."""
    text = read_text(path)
    try:
        material: Any = _jwk(text) if _is_json(text) else text.encode()
        public = policy.from_jwk(_public_half(material)) if _is_json(text) else policy.from_pem(_public_pem(material))
        key = _KINDS[public.kty].import_key(material)
        key.raw_value  # noqa: B018 - this is where the members of a JWK are looked at
    except KeyRejected as error:
        raise _unfit(path, error) from None
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm, JoseError):
        key = None
    if key is None or not key.is_private:
        raise SettingsError(f"There is no private key in {path}, or it has a password: {_CURE}.")
    return ServiceKey(public.kid, public.alg, key)


def make_pair(private: Path, public: Path) -> None:
    """Write a new pair for ES256, each half in a file of its own, never over one that is there. Raises OSError."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_new(private, pem.decode("ascii"))
    write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"))


def _is_json(text: str) -> bool:
    return text.startswith("{")


def _jwk(text: str) -> dict[str, Any]:
    try:
        return strict_json.parse_object(text.encode())
    except strict_json.NotJson:
        raise KeyRejected("malformed", "It must be one JWK, in JSON with each member given once.") from None


def _public_half(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return a private JWK as its owner would register it; `key_ops` say what the private half is for."""
    return {name: value for name, value in jwk.items() if name not in policy.PRIVATE | {"key_ops"}}


def _public_pem(pem: bytes) -> str:
    key = load_pem_private_key(pem, password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _unfit(path: Path, error: KeyRejected) -> SettingsError:
    return SettingsError(f"The key in {path} cannot be taken: {error.detail} ({_CURE}.)")
