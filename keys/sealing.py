"""Sealing at rest: AES-256-GCM per value, bound to the place where it lies; and keyed digests to find it by.

Sealed: key id (4 octets), nonce (12), ciphertext with tag. The place ("table.column", row) is associated data, so a
sealed value that is copied to another row or column does not open there.
"""

import hmac
import json
import os
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12


class CannotOpen(Exception):
    """A sealed value does not open: another key sealed it, it was moved, or it was altered."""


class Sealer:
    """Seals and opens with one key of KEY_BYTES octets. Two purposes, two keys derived from it (RFC 5869)."""

    def __init__(self, key: bytes) -> None:
        """Raise ValueError if the key has another length than KEY_BYTES."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} octets")
        self._aes = AESGCM(_derive(key, b"sso seal v1"))
        self._lookup_key = _derive(key, b"sso lookup v1")
        self._id = _derive(key, b"sso key id v1")[:_ID_BYTES]

    def seal(self, plain: str, column: str, row: object) -> bytes:
        """Return `plain` sealed for one place."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._id + nonce + self._aes.encrypt(nonce, plain.encode(), _place(column, row))

    def open(self, sealed: bytes, column: str, row: object) -> str:
        """Return what was sealed for this place. Raises CannotOpen."""
        nonce, ciphertext = sealed[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        if sealed[:_ID_BYTES] != self._id:
            raise CannotOpen("it was sealed with another key")
        try:
            return self._aes.decrypt(nonce, ciphertext, _place(column, row)).decode()
        except (InvalidTag, ValueError):
            raise CannotOpen("it was altered, or sealed for another place") from None

    def digest(self, column: str, *parts: str) -> bytes:
        """Return the keyed digest (HMAC-SHA256, 32 octets) by which a sealed value is found again."""
        return hmac.digest(self._lookup_key, json.dumps([column, *parts]).encode(), sha256)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


def _place(column: str, row: object) -> bytes:
    return json.dumps([column, str(row)]).encode()
