"""Base64url without padding (RFC 7515 2), and only one spelling for each sequence of octets."""

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from typing import Final

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_STANDARD: Final = bytes.maketrans(b"-_+/", b"+/!!")
"""To the alphabet of the standard library; what is of that one alone becomes what is of none."""

_PADDING: Final = (b"", b"", b"==", b"=")
_LAST: Final = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])
"""Which characters may be the last, by what the length leaves divided by four: unused bits are zero."""


def encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the octets that `text` encodes. Raises ValueError for any text that `encode` would not write."""
    encoded = text.encode("ascii")
    beyond = len(encoded) % 4
    if encoded[-1:] not in _LAST[beyond]:
        raise ValueError("not canonical base64url")
    return a2b_base64(encoded.translate(_STANDARD) + _PADDING[beyond], strict_mode=True)
