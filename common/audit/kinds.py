"""What a field of an event may hold: few kinds, each closed, none of them free text.

A value is checked by its type first. So a BSN, a name or a token, which are all text, has no way in: identifiers,
digests, counts and answers are not text, and the words that are have been written down in `common/audit/words.py`.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

Kept = str | int | bool | UUID
"""A value as it is kept: a member of JSON, or an identifier, which is one as text and has columns of its own."""

OTHER: Final = "other"
"""Stands for a word or an address that we do not know."""

_DIGEST_OCTETS: Final = 32
_MAX_COUNT: Final = 1_000_000
_WORD: Final = re.compile(r"[A-Za-z]+(?:[._:-][A-Za-z]+)*")
_NAME: Final = re.compile(r"[a-z]+(?:[_-][a-z]+)*")
_MAX_NAME: Final = 40
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


@dataclass(frozen=True, slots=True)
class Kind:
    """`encode` returns a value as it is kept. It raises TypeError or ValueError, which do not repeat the value."""

    name: str
    encode: Callable[[object], Kept]


def words(*allowed: str) -> Kind:
    """Return the kind of which these words are all there are. Raises ValueError for what could hide a number."""
    closed = frozenset(allowed)
    if not all(_WORD.fullmatch(word) for word in closed):
        raise ValueError("a word has letters only, in parts")

    def encode(value: object) -> Kept:
        if not isinstance(value, str) or value not in closed:
            raise ValueError("not one of the words of this field")
        return str(value)  # of an enumeration, its value

    return Kind(" ".join(f"`{word}`" for word in sorted(closed)), encode)


def known(word: str, allowed: Iterable[str]) -> str:
    """Return the word if it is one of those allowed, else OTHER: a text from elsewhere is never a wrong call."""
    return word if word in allowed else OTHER


def service_name(name: str) -> str:
    """Return the name of a service of ours as an event may have it, else OTHER: an operator may choose digits too."""
    return name if len(name) <= _MAX_NAME and _NAME.fullmatch(name) else OTHER


def address_text(text: str) -> str:
    """Return an IP address in its one spelling, OTHER for any other text.

    A reverse proxy passes on what it was told, and an IPv6 zone (`fe80::1%…`) can be any text.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return OTHER
    return OTHER if "%" in text else str(address)


def _identifier(value: object) -> Kept:
    if not isinstance(value, UUID):
        raise TypeError("an identifier is a UUID")
    return value


def _count(value: object) -> Kept:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a count is a whole number")
    if not 0 <= value <= _MAX_COUNT:
        raise ValueError("a count has a bound")
    return value


def _answer(value: object) -> Kept:
    if not isinstance(value, bool):
        raise TypeError("an answer is True or False")
    return value


def _thumbprint(value: object) -> Kept:
    if not isinstance(value, str) or not _THUMBPRINT.fullmatch(value):
        raise ValueError("a thumbprint is 32 octets in base64url")
    return value


def _digest(value: object) -> Kept:
    if not isinstance(value, bytes) or len(value) != _DIGEST_OCTETS:
        raise TypeError("a digest is 32 octets")
    return value.hex()


def _name(value: object) -> Kept:
    if not isinstance(value, str) or service_name(value) != value:
        raise ValueError("a service's name has letters only, in parts")
    return value


IDENTIFIER: Final = Kind("an identifier (UUID)", _identifier)
COUNT: Final = Kind("a number", _count)
ANSWER: Final = Kind("true or false", _answer)
THUMBPRINT: Final = Kind("a key's RFC 7638 thumbprint", _thumbprint)
DIGEST: Final = Kind("a SHA-256 digest, in hexadecimal", _digest)
SERVICE: Final = Kind("a service's name in the settings", _name)
