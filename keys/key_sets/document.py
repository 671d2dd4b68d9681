"""What a fetched key set says (RFC 7517 5): the keys that the policy lets in, each under its name, and what is wrong
with the others. One bad key takes none of the good ones with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from common import strict_json
from common.errors import JwksUriRejected, KeyRejected
from keys import policy

MAX_LISTED: Final = 50
"""Keys in a set; each costs some milliseconds to look at, and a set with more is none for us to look through."""

_MAX_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key of a set: `name` is its `kid` there, or its thumbprint if it has none; `index` counts from 0."""

    index: int
    name: str
    key: policy.PublicKey


@dataclass(frozen=True, slots=True)
class Skipped:
    """A key of a set that is not taken, and why in a stable word; if it is there with its private part, `exposed`."""

    index: int
    reason: str
    exposed: policy.PublicKey | None = field(default=None, compare=False)


def read(content: bytes) -> tuple[Sequence[NamedKey], Sequence[Skipped]]:
    """Return what can be taken of a set, in its order, and what can not: the reasons of `policy`, and `kid`.

    Raises JwksUriRejected: `malformed` or `too_many`.
    """
    good: list[NamedKey] = []
    skipped: list[Skipped] = []
    names: set[str] = set()
    for index, jwk in enumerate(_listed(content)):
        try:
            named = _named(index, jwk)
        except KeyRejected as error:
            skipped.append(Skipped(index, error.reason, policy.exposed(jwk) if isinstance(jwk, dict) else None))
            continue
        if named.name in names:
            skipped.append(Skipped(index, "kid"))
        else:
            names.add(named.name)
            good.append(named)
    return good, skipped


def _listed(content: bytes) -> list[object]:
    try:
        listed = strict_json.parse_object(content).get("keys")
    except strict_json.NotJson:
        listed = None
    if not isinstance(listed, list):
        raise JwksUriRejected("malformed", 'A key set is a JSON object with a list "keys", each member given once.')
    if len(listed) > MAX_LISTED:
        raise JwksUriRejected("too_many", f"A key set has at most {MAX_LISTED} keys.")
    return listed


def _named(index: int, jwk: object) -> NamedKey:
    if not isinstance(jwk, dict):
        raise KeyRejected("malformed", "A key is a JSON object.")
    key = policy.from_jwk(jwk)
    name = jwk.get("kid", key.kid)
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME or not name.isprintable():
        raise KeyRejected("kid", f"The member kid must be a printable text of at most {_MAX_NAME} characters.")
    return NamedKey(index, name, key)
