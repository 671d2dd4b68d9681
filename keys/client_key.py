"""A private key of ours in PEM, with which we prove to another service who we are (RFC 7523)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from common.errors import SettingsError
from common.key_files import read_credential

_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class ClientKey:
    """The key, and with which algorithm it signs."""

    key: RSAKey | ECKey = field(repr=False)
    alg: str


def read_client_key(path: Path) -> ClientKey:
    """Return the key in a file: RSA of 2,048 bits or more, or P-256. Raises SettingsError, never with what is in it."""
    pem = read_credential(path)
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        alg = _algorithm(key) if key.is_private else None
        if alg is not None:
            return ClientKey(key, alg)
    raise SettingsError(f"The key in {path} is no private key in PEM, of RSA with 2048 bits or more or of P-256.")


def _algorithm(key: RSAKey | ECKey) -> str | None:
    if isinstance(key, RSAKey):
        return "RS256" if key.private_key and key.private_key.key_size >= _RSA_BITS else None
    return "ES256" if key.curve_name == "P-256" else None
