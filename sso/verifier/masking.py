"""What a token says, without saying it: known claims by name, kind and length, and times as seconds from now.

No value is repeated but the first characters of `sub` and `jti` and a time within a day of ours, and no name that we do
not know: a vendor can have put a BSN anywhere.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from common import strict_json
from schemas.base import Schema
from schemas.claims import PatientInfo, ProfessionalClaims, ProfInfo
from schemas.identifiers import Bsn

_INNER: Final[Mapping[str, type[Schema]]] = {"profInfo": ProfInfo, "patientInfo": PatientInfo}
_RECOGNISED: Final = 4
"""Characters of a `sub` or a `jti` that are shown, of a short one fewer: never more than a quarter."""

_NEAR: Final = 10**11
"""Seconds that a time can be away from us; a time in milliseconds is further away."""

_DAY: Final = 86_400
"""Seconds from now that are counted: a BSN that was put for a time is further away, and its distance would tell it."""


def masked(payload: bytes) -> list[str]:
    """Return a line for each claim that a payload gives and we know. Never raises."""
    try:
        members = strict_json.parse_object(payload)
    except strict_json.NotJson:
        return ["no JSON object"]
    return list(_lines(members, ProfessionalClaims, "")) or ["nothing that we know"]


def times(payload: bytes, now: datetime) -> list[str]:
    """Return a line for each time that a payload gives, in seconds from `now`, within a day. Never raises."""
    try:
        members = strict_json.parse_object(payload)
    except strict_json.NotJson:
        return []
    given = {name: members.get(name) for name in ("iat", "nbf", "exp")}
    return [
        f"{name} is {_distance(value, now)}"
        for name, value in given.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _distance(moment: float, now: datetime) -> str:
    if abs(moment) > _NEAR:
        return "far from our clock: it is in seconds, not in milliseconds"
    seconds = moment - now.timestamp()
    if abs(seconds) > _DAY:
        return f"more than a day {'ahead' if seconds > 0 else 'ago'}"
    return f"{abs(seconds):.0f} seconds {'after' if seconds > 0 else 'before'} our clock"


def _lines(members: Mapping[str, Any], schema: type[Schema], before: str) -> Iterator[str]:
    names = [field.alias or name for name, field in schema.model_fields.items()]
    for name in (name for name in names if name in members):
        value, inner = members[name], _INNER.get(name)
        if inner and isinstance(value, dict):
            yield from _lines(value, inner, f"{name}.")
        else:
            yield f"{before}{name}: {_kind(name, value)}"
    further = len(members.keys() - set(names))
    if further:
        yield f"{before}*: {further} that we do not know"


def _kind(name: str, value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return _text(name, value)
        case list():
            return f"an array of {len(value)}"
        case _:
            return "an object"


def _text(name: str, text: str) -> str:
    kind = f"{len(text)} {'digit' if re.fullmatch('[0-9]+', text) else 'character'}{'' if len(text) == 1 else 's'}"
    if name == "bsn":
        return f"{kind}, passes the 11-test: {'yes' if _is_bsn(text) else 'no'}"
    if name in {"sub", "jti"}:
        shown = re.sub(r"[^!-~]", "?", text[: min(_RECOGNISED, len(text) // 4)])
        return f"{shown}…, {kind}"
    return kind


def _is_bsn(text: str) -> bool:
    try:
        Bsn(text)
    except ValueError:
        return False
    return True
