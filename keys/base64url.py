"""Base64url without padding (RFC 7515 2), and only one spelling for each sequence of octets."""

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from typing import Final

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_BASE64: Final = bytes.maketrans(b"-_", b"+/")
_LAST: Final = {0: _ALPHABET, 1: b"", 2: _ALPHABET[::16], 3: _ALPHABET[::4]}
"""Which characters may be the last, by what the length leaves divided by four: unused bits are zero."""


def encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the octets that `text` encodes. Raises ValueError for any text that `encode` would not write."""
    encoded = text.encode("ascii")
    if encoded.translate(None, _ALPHABET) or encoded[-1:] not in _LAST[len(encoded) % 4]:
        raise ValueError("not canonical base64url")
    return a2b_base64(encoded.translate(_TO_BASE64) + b"=" * (-len(encoded) % 4))
