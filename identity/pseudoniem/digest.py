"""The keyed digest of a BSN: what is kept in its place."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from schemas.identifiers import Bsn

KEY_BYTES: Final = 32
_PURPOSE: Final = b"bsn"


@dataclass(frozen=True, slots=True)
class DigestKey:
    """A secret of KEY_BYTES octets. Who has it and the database can try all BSNs (SECURITY.md says who may)."""

    secret: bytes = field(repr=False)

    def digest(self, bsn: Bsn) -> bytes:
        """Return the HMAC-SHA256 (32 octets) of the nine digits."""
        return hmac.digest(self.secret, _PURPOSE + bsn.reveal().encode("ascii"), sha256)

    def many(self) -> Callable[[bytes], bytes]:
        """Return what `digest` returns for nine digits in ASCII, at a third of the price: the key is set up once."""
        begun = hmac.new(self.secret, _PURPOSE, sha256)

        def digest(digits: bytes) -> bytes:
            one = begun.copy()
            one.update(digits)
            return one.digest()

        return digest

    def check_value(self) -> bytes:
        """Return what the database keeps to know this key again; it says nothing about the key (32 octets)."""
        return hmac.digest(self.secret, b"check value", sha256)
