"""A token taken apart, strictly, before any library or any key sees it (RFC 7515 7.1, RFC 8725)."""

from dataclasses import dataclass
from typing import Any, Final

from common import strict_json
from common.errors import MalformedToken
from keys import base64url
from schemas.profiles import MAX_TOKEN

MAX_HEADER: Final = 1024
"""Octets of the first segment; the whole token has at most MAX_TOKEN."""

_SEGMENTS: Final = 3
_REFUSED: Final = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "enc", "epk"})


@dataclass(frozen=True, slots=True)
class RawToken:
    """A token as it came: nobody has verified anything of it yet."""

    signing_input: bytes
    payload: bytes
    signature: bytes
    alg: str
    kid: str | None
    typ: str | None
    """Lower case, without "application/" (RFC 7515 4.1.9)."""

    def unverified_iss(self) -> str | None:
        """Return the `iss` that the payload claims, to look up a key with; None if there is none.

        Raises MalformedToken if the payload cannot be read or `iss` is no string.
        """
        try:
            payload = strict_json.parse_object(self.payload)
        except strict_json.NotJson as error:
            raise MalformedToken(private=f"payload: {error}") from None
        if "iss" not in payload:
            return None
        return _text(payload, "iss")

    def claim(self, name: str) -> str:
        """Return what the payload claims under a name; empty if it cannot be read, or is no string. Never raises."""
        try:
            value = strict_json.parse_object(self.payload).get(name)
        except strict_json.NotJson:
            return ""
        return value if isinstance(value, str) else ""


def take_apart(compact: str) -> RawToken:
    """Return the parts of a JWS in compact form. Raises MalformedToken, whatever the text is."""
    if len(compact) > MAX_TOKEN:
        raise MalformedToken(private="too large")
    segments = compact.split(".", _SEGMENTS)
    if len(segments) != _SEGMENTS or not all(segments):
        raise MalformedToken(private="not three segments")
    if len(segments[0]) > MAX_HEADER:
        raise MalformedToken(private="header too large")
    try:
        header, payload, signature = (base64url.decode(segment) for segment in segments)
        members = strict_json.parse_object(header)
    except ValueError as error:  # NotJson is a ValueError, and so is what base64url raises
        raise MalformedToken(private=f"not canonical: {type(error).__name__}") from None
    return _with_header(members, compact.rpartition(".")[0].encode("ascii"), payload, signature)


def _with_header(members: dict[str, Any], signing_input: bytes, payload: bytes, signature: bytes) -> RawToken:
    refused = _REFUSED.intersection(members)
    if refused:
        raise MalformedToken(private=f"header parameter {min(refused)}")
    return RawToken(
        signing_input=signing_input,
        payload=payload,
        signature=signature,
        alg=_text(members, "alg"),
        kid=_text(members, "kid") if "kid" in members else None,
        typ=_text(members, "typ").lower().removeprefix("application/") if "typ" in members else None,
    )


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedToken(private=f"{name} is no string")
    return value
