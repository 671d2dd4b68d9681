"""Base64url without padding (RFC 7515 2), and only one spelling for each sequence of octets."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the octets that `text` encodes. Raises ValueError for any text that `encode` would not write."""
    octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(octets) != text:  # padding, other characters or unused bits, all of which the decoder ignores
        raise ValueError("not canonical base64url")
    return octets
