"""JSON that something was done to: other values, other members, and texts that one can read in two ways."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

_RAW: Final = {
    "@deep array@": "[" * 1_500 + "]" * 1_500,
    "@deep object@": '{"a":' * 700 + "1" + "}" * 700,
    "@shallow array@": "[" * 40 + "]" * 40,
    "@digits@": "9" * 5_000,
    "@negative@": "-1" + "0" * 4_000,
    "@exponent@": "1e999",
    "@tiny@": "1e-400",
    "@minus zero@": "-0",
    "@nan@": "NaN",
    "@infinity@": "-Infinity",
    "@leading zero@": "007",
    "@hexadecimal@": "0x10",
    "@single quotes@": "'x'",
    "@half a surrogate@": '"\\ud83d"',
    "@halves the wrong way round@": '"\\ude00\\ud83d"',
    "@escape@": '"\\x41"',
    "@control@": '"\t\n"',
    "@unfinished@": '"x',
}
"""What `json.dumps` does not write: the text that takes the place of each of these strings."""

TEXTS: Final = (
    "",
    " ",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\0",
    "a\0b",
    "\ud800",
    "\r\nSet-Cookie: a=b",
    "\x1b[31m",
    "\u202egnp.exe",
    "e\u0301",
    "\u00e9",
    "\U0001f469\u200d\u2695\ufe0f",
    "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff12",
    "1" * 9,
    "000000000",
    "' OR 1=1--",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "<svg/onload=alert(1)>",
    "../../../../etc/passwd",
    "%s%n%x",
    "=HYPERLINK(1)",
    "x" * 256,
    "x" * 6_000,
    "\u00e9" * 255,
    "\U0001f600" * 256,
    "00000000-0000-0000-0000-000000000000",
    "null",
    "__proto__",
)
"""Texts that one part or another might stumble over."""

VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**63,
    2**64,
    -(2**63) - 1,
    10**300,
    [],
    [None],
    ["x"],
    ["x", "x"],
    [[]],
    {},
    {"": 1},
    {"x": {"x": {}}},
    list(range(300)),
    {f"m{number}": number for number in range(150)},
    *_RAW,
)
_NAMES: Final = ("__proto__", "__class__", "constructor", "", "\0", "x" * 300, "sub", "alg", "bsn", "\u017fub", "Sub")


def value(random: Random) -> Any:
    """Return a value that is probably not the right one."""
    return random.choice(TEXTS) if random.random() < 0.5 else random.choice(VALUES)


def spoil(members: dict[str, Any], random: Random) -> None:
    """Do one thing to the members of an object, or of one inside it."""
    inner = [inside for inside in members.values() if isinstance(inside, dict)]
    if inner and random.random() < 0.4:
        members = random.choice(inner)
    name = random.choice(sorted(members)) if members else "x"
    match random.randrange(6):
        case 0:
            members.pop(name, None)
        case 1:
            members[random.choice((*_NAMES, *TEXTS[:20]))] = value(random)
        case 2:
            members[name] = [members.get(name)]
        case 3:
            members[name.swapcase()] = members.pop(name, 1)
        case _:
            members[name] = value(random)


def write(members: Any, random: Random) -> bytes:
    """Return the text of a value, mostly as anyone would write it."""
    octets = raw(json.dumps(members, ensure_ascii=random.random() < 0.8)).encode("utf-8", "surrogatepass")
    return random.choice(_OTHERWISE)(octets, random) if random.random() < 0.3 else octets


def raw(text: str) -> str:
    """Return a JSON text with what `json.dumps` does not write in its place."""
    for marker, instead in _RAW.items():
        if marker in text:
            text = text.replace(f'"{marker}"', instead)
    return text


def _member_twice(octets: bytes, random: Random) -> bytes:
    again = random.choice((b'"sub":"x"', b'"\\u0073ub":"x"', b'"alg":"none"', b'"bsn":"x","bsn":"y"', b'"":0,"":0'))
    return octets.replace(b"{", b"{" + again + b",", 1)


def _cut(octets: bytes, random: Random) -> bytes:
    return octets[: random.randrange(len(octets) + 1)]


def _octet(octets: bytes, random: Random) -> bytes:
    place = random.randrange(len(octets) + 1)
    return octets[:place] + random.randbytes(random.choice((1, 1, 4))) + octets[place + random.randrange(2) :]


def _another_encoding(octets: bytes, random: Random) -> bytes:
    text = octets.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-16-le", "utf-32", "utf-32-be", "utf-8-sig", "utf-7")))


_OTHERWISE: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (
    _member_twice,
    _cut,
    _octet,
    _another_encoding,
    lambda octets, _: b"[" + octets + b"]",
    lambda octets, _: b" \r\n\t" + octets + b"\n",
    lambda octets, _: octets + octets,
    lambda octets, _: octets.replace(b'"', b"'"),
    lambda octets, _: octets[:-1] + b",}",
    lambda octets, _: b"/**/" + octets,
    lambda octets, _: octets.replace(b"a", b"\\u0061"),
    lambda octets, _: octets.replace(b"a", b"\xc1\xa1"),
    lambda octets, _: octets + b"\0",
    lambda octets, _: octets[:-1] + b',"y":"\xff\xfe"}',
)
