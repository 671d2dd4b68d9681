"""A token taken apart, strictly, before any library or any key sees it (RFC 7515 7.1, RFC 8725)."""

from dataclasses import dataclass
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
        except strict_json.NotJson:
            raise MalformedToken(Flaw.PAYLOAD_NOT_JSON) from None
        if "iss" not in payload:
            return None
        return _text(payload, "iss", Flaw.ISS_NOT_TEXT)

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
        raise MalformedToken(Flaw.TOKEN_TOO_LARGE)
    if len(compact.partition(".")[0]) > MAX_HEADER:
        raise MalformedToken(Flaw.HEADER_TOO_LARGE)
    segments = compact.split(".", _SEGMENTS)
    if len(segments) != _SEGMENTS or not all(segments):
        raise MalformedToken(Flaw.NOT_THREE_SEGMENTS)
    try:
        header, payload, signature = (base64url.decode(segment) for segment in segments)
    except ValueError:
        raise MalformedToken(Flaw.NOT_BASE64URL) from None
    try:
        members = strict_json.parse_object(header)
    except strict_json.NotJson:
        raise MalformedToken(Flaw.HEADER_NOT_JSON) from None
    return _with_header(members, compact.rpartition(".")[0].encode("ascii"), payload, signature)


def _with_header(members: dict[str, Any], signing_input: bytes, payload: bytes, signature: bytes) -> RawToken:
    if not REFUSED_PARAMETERS.isdisjoint(members):
        raise MalformedToken(Flaw.HEADER_PARAMETER)
    return RawToken(
        signing_input=signing_input,
        payload=payload,
        signature=signature,
        alg=_text(members, "alg"),
        kid=_text(members, "kid") if "kid" in members else None,
        typ=_text(members, "typ").lower().removeprefix("application/") if "typ" in members else None,
    )


def _text(members: dict[str, Any], name: str, flaw: Flaw = Flaw.HEADER_VALUE) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise MalformedToken(flaw)
    return value
