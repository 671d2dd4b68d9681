"""JSON as RFC 8259 means it and as I-JSON (RFC 7493 2.3) narrows it: UTF-8, each member once, numbers finite.

The standard parser takes UTF-16, a byte order mark, NaN, and the last of two equal members; a second parser
in the chain may read such a text otherwise, so none of it is accepted here.
"""

import json
import math
from typing import Any, Final


class NotJson(ValueError):
    """The bytes are not a JSON text of the narrow kind. The message never repeats them."""


class DuplicateMember(NotJson):
    """An object has the same member twice (compared after unescaping)."""


def parse(data: bytes) -> Any:  # noqa: ANN401 - any JSON value, as in the standard library
    """Return the value that `data` encodes. Raises NotJson, or DuplicateMember."""
    try:
        return _DECODER.decode(data.decode("utf-8", "strict"))
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad grammar, 4,300 digits, a thousand brackets
        raise NotJson(type(error).__name__) from None


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the object that `data` encodes. Raises NotJson, also for any other kind of value."""
    value = parse(data)
    if not isinstance(value, dict):
        raise NotJson("not an object")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DuplicateMember("a member is given twice")
    return members


def _constant(_name: str) -> float:
    raise NotJson("NaN and Infinity are not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJson("a number is out of range")
    return number


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_finite)
