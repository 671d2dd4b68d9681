"""Tokens that a company's own key has signed, each of which breaks at least one rule: they reach the claims."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tests.fuzz import odd_json
from tests.fuzz.tokens import Good
from tests.support.ehr import jws


@dataclass
class Draft:
    """A token before it is signed. `write` makes its claims a text."""

    header: dict[str, Any]
    claims: dict[str, Any]
    write: Callable[[dict[str, Any]], bytes] = lambda claims: json.dumps(claims).encode()


_NO_TEXT: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    1.5,
    [],
    ["x"],
    {},
    {"x": 1},
    "@deep array@",
    "@digits@",
    "@nan@",
    "@exponent@",
)
_WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "sub": (*_NO_TEXT, "", " ", "\u200b", "\u00a0", "a\0", "\ud800", "x" * 256, "\U0001f600" * 256),
    "jti": (*_NO_TEXT, "", "a b", "\u00e9", "a\n", "x" * 257, "\uff11", "\ud800"),
    "iat": (None, True, "1", [], {}, 0, -1, 10**13, "@digits@", "@negative@", "@nan@", "@infinity@", "@tiny@"),
    "exp": (None, True, "1", [], {}, 0, -1, "@nan@", "@digits@"),
    "nbf": (None, True, "1", [], {}, 10**13, 10**300, "@exponent@"),
    "iss": (*_NO_TEXT, "", "x", "00000000-0000-0000-0000-000000000000"),
    "aud": (None, True, 0, [], {}, ["x", "y"], "https://other.example", "", ["https://other.example"]),
    "profInfo": (None, True, "x", [], {"email": "x"}, {"agb": "1"}, {"firstname": None}, {"lastname": "x" * 256}),
    "patientInfo": (
        *(None, True, "x", [], {"bsn": None}, {"bsn": ""}, {"bsn": "x"}, {"bsn": 123456782}, {"bsn": "000000000"}),
        *({"bsn": text} for text in odd_json.TEXTS if text != "1" * 9),
        {"firstname": "\ud800"},
        {"email": "x"},
    ),
    "treatmentRelationshipId": (*_NO_TEXT, "x" * 256, "\ud800", "a\0b"),
}
_REFUSED: Final = ("crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "enc", "epk")
_TYPES: Final = (
    "at+jwt",
    "dpop+jwt",
    "JOSE",
    "",
    "JWT ",
    " JWT",
    "text/jwt",
    "sso+jwt2",
    "application/application/jwt",
)


def _claim(draft: Draft, random: Random) -> None:
    name = random.choice(sorted(_WRONG))
    draft.claims[name] = random.choice(_WRONG[name])


def _no_claim(draft: Draft, random: Random) -> None:
    draft.claims.pop(random.choice(("sub", "jti", "iat")), None)


def _time(draft: Draft, random: Random) -> None:
    now = float(draft.claims["iat"]) if isinstance(draft.claims.get("iat"), int) else 0.0
    draft.claims |= random.choice(
        ({"iat": now - 301}, {"iat": now + 31.5}, {"iat": now * 1000}, {"exp": now - 31}, {"nbf": now + 31.5})
    )


def _parameter(draft: Draft, random: Random) -> None:
    draft.header[random.choice(_REFUSED)] = odd_json.value(random)


def _type(draft: Draft, random: Random) -> None:
    draft.header["typ"] = random.choice((*_TYPES, 1, None, True, ["JWT"], {}))


def _algorithm(draft: Draft, random: Random) -> None:
    draft.header["alg"] = random.choice(
        ("none", "HS256", "RS512", "PS384", "ES384", "es256", "", "dir", None, 1, [], {})
    )


def _kid(draft: Draft, random: Random) -> None:
    draft.header["kid"] = odd_json.value(random)


def _text(draft: Draft, random: Random) -> None:
    draft.write = random.choice(
        (
            lambda claims: json.dumps(claims).encode("utf-16"),
            lambda claims: json.dumps(claims).encode("utf-32-le"),
            lambda claims: b"\xef\xbb\xbf" + json.dumps(claims).encode(),
            lambda claims: b"[" + json.dumps(claims).encode() + b"]",
            lambda claims: b'{"sub":"a","sub":"b",' + json.dumps(claims).encode()[1:],
            lambda claims: b'{"\\u0073ub":"a",' + json.dumps({"sub": "b"} | claims).encode()[1:],
            lambda claims: b'{"x":NaN,' + json.dumps(claims).encode()[1:],
            lambda claims: b'{"x":1e999,' + json.dumps(claims).encode()[1:],
            lambda claims: b'{"x":{"y":0,"y":1},' + json.dumps(claims).encode()[1:],
            lambda claims: b'{"x":"\xff",' + json.dumps(claims).encode()[1:],
            lambda claims: b'{"x":' + b"[" * 3_000 + b"]" * 3_000 + b"," + json.dumps(claims).encode()[1:],
            lambda claims: json.dumps(claims).encode()[:-1],
            lambda claims: json.dumps(claims).encode() + b"{}",
            lambda claims: json.dumps(json.dumps(claims)).encode(),
            lambda claims: json.dumps(claims | {"x": "y" * 8_000}).encode(),
            lambda _: random.choice((b"", b"{}", b"null", b"0", b'""', b"[]", b"true")),
        )
    )


_FAULTS: Final = (_claim, _claim, _claim, _no_claim, _time, _parameter, _type, _algorithm, _kid, _text)


def _extra(draft: Draft, random: Random) -> None:
    """Add what is ignored in a good token, and must not make a bad one good."""
    claims = random.random() < 0.7
    members, names = (draft.claims, ("x", "role", "scope", "bsn")) if claims else (draft.header, ("foo", "x5t", "cty"))
    members[random.choice(names)] = odd_json.value(random)


def by_its_company(good: Good, random: Random) -> str:
    """Return a token that the key of `good` signed, and that must be refused all the same."""
    draft = Draft(dict(good.header), deepcopy(good.claims))
    for _ in range(random.choice((0, 0, 1, 2))):
        _extra(draft, random)
    random.choice(_FAULTS)(draft, random)
    header = odd_json.raw(json.dumps(draft.header))
    payload = odd_json.raw(draft.write(draft.claims).decode("utf-8", "surrogateescape"))
    key = good.ehr
    return jws(header.encode(), payload.encode("utf-8", "surrogateescape"), key.alg, key.key)
