"""A token taken apart, strictly, before any library or any key sees it (RFC 7515 7.1, RFC 8725)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from common import strict_json
from common.errors import MalformedToken
from keys import base64url
from schemas.profiles import MAX_TOKEN
from sso.verifier.flaws import Flaw

MAX_HEADER: Final = 1024
"""Octets of the first segment; the whole token has at most MAX_TOKEN."""

_SEGMENTS: Final = 3
REFUSED_PARAMETERS: Final = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "enc", "epk"})
"""Header parameters that no token may have (contract, section 2, "Header")."""


@dataclass(slots=True)
class RawToken:
    """A token as it came: nobody has verified anything of it yet. Only `members` changes it, when it is read."""

    signing_input: bytes
    payload: bytes
    signature: bytes
    alg: str
    kid: str | None
    typ: str | None
    """Lower case, without "application/" (RFC 7515 4.1.9)."""

    _members: Mapping[str, Any] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def members(self) -> Mapping[str, Any]:
        """What the payload says, read once. Raises NotJson."""
        if self._members is None:
            self._members = strict_json.parse_object(self.payload)
        return self._members

    def unverified_iss(self) -> str | None:
        """Return the `iss` that the payload claims, to look up a key with; None if there is none.

        Raises MalformedToken if the payload cannot be read or `iss` is no string.
        """
        try:
            members = self.members
        except strict_json.NotJson:
            raise MalformedToken(Flaw.PAYLOAD_NOT_JSON) from None
        if "iss" not in members:
            return None
        return _text(members, "iss", Flaw.ISS_NOT_TEXT)

    def claim(self, name: str) -> str:
        """Return what the payload claims under a name; empty if it cannot be read, or is no string. Never raises."""
        try:
            value = self.members.get(name)
        except strict_json.NotJson:
            return ""
        return value if isinstance(value, str) else ""


def take_apart(compact: str) -> RawToken:
    """Return the parts of a JWS in compact form. Raises MalformedToken, whatever the text is."""
    if len(compact) > MAX_TOKEN:
        raise MalformedToken(Flaw.TOKEN_TOO_LARGE)
    segments = compact.split(".", _SEGMENTS)
    if len(segments[0]) > MAX_HEADER:
        raise MalformedToken(Flaw.HEADER_TOO_LARGE)
    if len(segments) != _SEGMENTS or "" in segments:
        raise MalformedToken(Flaw.NOT_THREE_SEGMENTS)
    header, payload, signature = segments
    try:
        signing_input = compact[: -len(signature) - 1].encode("ascii")
        octets, proof = base64url.decode(payload), base64url.decode(signature)
        alg, kid, typ = _read_header(header)
    except ValueError:
        raise MalformedToken(Flaw.NOT_BASE64URL) from None
    return RawToken(signing_input, octets, proof, alg, kid, typ)


@lru_cache(maxsize=512)
def _read_header(segment: str) -> tuple[str, str | None, str | None]:
    """Return `alg`, `kid` and `typ`. A company's tokens all have one header, so what it says is remembered.

    Raises MalformedToken, or ValueError if it is no base64url.
    """
    header = base64url.decode(segment)
    try:
        members = strict_json.parse_object(header)
    except strict_json.NotJson:
        raise MalformedToken(Flaw.HEADER_NOT_JSON) from None
    if not REFUSED_PARAMETERS.isdisjoint(members):
        raise MalformedToken(Flaw.HEADER_PARAMETER)
    alg, kid = _text(members, "alg"), _text(members, "kid") if "kid" in members else None
    typ = _text(members, "typ").lower().removeprefix("application/") if "typ" in members else None
    return alg, kid, typ


def _text(members: Mapping[str, Any], name: str, flaw: Flaw = Flaw.HEADER_VALUE) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedToken(flaw)
    return value
