"""A token in the making, of which anything can be changed before it is signed, in its signature and in its text."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc.jws import JWSRegistry

from keys import base64url
from tests.support.ehr import Ehr


@dataclass
class Draft:
    """`header` and `payload` are what is signed, `written` how the header is written, `alg` what it is signed with.

    `signed` makes the signature out of the signing input and the good signature; `text` changes the token in turn.
    """

    ehr: Ehr
    header: dict[str, Any]
    payload: bytes
    alg: str
    written: Callable[[bytes], bytes] = lambda octets: octets
    signed: Callable[[str, bytes], bytes] = lambda _signing_input, octets: octets
    text: list[Callable[[str], str]] = field(default_factory=list)

    def token(self) -> str:
        """Return the token as its text."""
        header = self.written(json.dumps(self.header).encode())
        signing_input = f"{base64url.encode(header)}.{base64url.encode(self.payload)}"
        name = {"EdDSA": "Ed25519"}.get(self.alg, self.alg)
        octets = self.signed(signing_input, JWSRegistry.algorithms[name].sign(signing_input.encode(), self.ehr.key))
        token = f"{signing_input}.{base64url.encode(octets)}"
        for change in self.text:
            token = change(token)
        return token


def drafted(ehr: Ehr, claims: dict[str, Any]) -> Draft:
    """Return the draft of a good token."""
    return Draft(ehr, ehr.header(), json.dumps(claims).encode(), ehr.alg)
