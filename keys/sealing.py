"""Sealing at rest: AES-256-GCM per value, bound to the place where it lies; and keyed digests to find it by.

Sealed: key id (4 octets), nonce (12), ciphertext with tag. The place ("table.column", row) is associated data, so a
sealed value that is copied to another row or column does not open there.
"""

import hmac
import json
import os
from collections.abc import Sequence
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
    """Seals with one key of KEY_BYTES octets, and opens with that one or an `other`, while the key is being changed.

    Two purposes, two keys derived from each (RFC 5869).
    """

    def __init__(self, key: bytes, other: bytes | None = None) -> None:
        """Raise ValueError if a key has another length than KEY_BYTES."""
        self._key = _Key(key)
        self._keys = [self._key] if other is None else [self._key, _Key(other)]

    @property
    def key_id(self) -> bytes:
        """Return how a value begins that the first key sealed (4 octets)."""
        return self._key.id

    @property
    def key_ids(self) -> Sequence[bytes]:
        """Return how the values begin that can be opened."""
        return [key.id for key in self._keys]

    def seal(self, plain: str, column: str, row: object) -> bytes:
        """Return `plain` sealed for one place."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._key.id + nonce + self._key.aes.encrypt(nonce, plain.encode(), _place(column, row))

    def open(self, sealed: bytes, column: str, row: object) -> str:
        """Return what was sealed for this place. Raises CannotOpen."""
        nonce, ciphertext = sealed[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        key = next((key for key in self._keys if key.id == sealed[:_ID_BYTES]), None)
        if key is None:
            raise CannotOpen("it was sealed with another key")
        try:
            return key.aes.decrypt(nonce, ciphertext, _place(column, row)).decode()
        except (InvalidTag, ValueError):
            raise CannotOpen("it was altered, or sealed for another place") from None

    def digest(self, column: str, *parts: str) -> bytes:
        """Return the keyed digest (HMAC-SHA256, 32 octets) by which a sealed value is found again."""
        return self._key.digest(column, *parts)

    def digests(self, column: str, *parts: str) -> Sequence[bytes]:
        """Return the digests under which it may be found: while the key is being changed there are two."""
        return [key.digest(column, *parts) for key in self._keys]


class _Key:
    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} octets")
        self.id = _derive(key, b"sso key id v1")[:_ID_BYTES]
        self.aes = AESGCM(_derive(key, b"sso seal v1"))
        self._lookup_key = _derive(key, b"sso lookup v1")

    def digest(self, column: str, *parts: str) -> bytes:
        return hmac.digest(self._lookup_key, json.dumps([column, *parts]).encode(), sha256)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


def _place(column: str, row: object) -> bytes:
    return json.dumps([column, str(row)]).encode()
