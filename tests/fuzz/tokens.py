"""Tokens that nobody may accept: changed by who has no key, or signed by a company's own EHR that breaks a rule."""

import hmac
import json
import string
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any, Final

from keys import base64url
from tests.fuzz import odd_json
from tests.support.ehr import Ehr, jws

_CHARACTERS: Final = string.ascii_letters + string.digits + "-_+/=.~ \n\t\0\u00e9\uff21\u200b\ud800"


@dataclass(frozen=True)
class Good:
    """A token that is accepted as it is, and the parts that it was made of."""

    ehr: Ehr
    header: dict[str, Any]
    claims: dict[str, Any]
    text: str

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """Return the octets of the header, the claims and the signature."""
        header, claims, signature = map(base64url.decode, self.text.split("."))
        return header, claims, signature


def sign(ehr: Ehr, claims: dict[str, Any]) -> Good:
    """Return a good token."""
    header = ehr.header()
    return Good(ehr, header, claims, jws(header, claims, ehr.alg, ehr.key))


def _joined(*parts: bytes) -> str:
    return ".".join(map(base64url.encode, parts))


def _bit(good: Good, random: Random) -> str:
    parts = [bytearray(part) for part in good.parts]
    for _ in range(random.choice((1, 1, 1, 2, 8))):
        part = random.choice(parts)
        part[random.randrange(len(part))] ^= 1 << random.randrange(8)
    return _joined(*map(bytes, parts))


def _other_header(good: Good, random: Random) -> str:
    header = deepcopy(good.header)
    odd_json.spoil(header, random)
    return _joined(odd_json.write(header, random), *good.parts[1:])


def _other_claims(good: Good, random: Random) -> str:
    claims = deepcopy(good.claims)
    odd_json.spoil(claims, random)
    header, _, signature = good.parts
    return _joined(header, odd_json.write(claims, random), signature)


def _other_signature(good: Good, random: Random) -> str:
    header, claims, signature = good.parts
    half = len(signature) // 2
    other = random.choice(
        (
            b"",
            bytes(len(signature)),
            b"\xff" * len(signature),
            signature[: random.randrange(len(signature))],
            signature + random.randbytes(random.randrange(1, 40)),
            bytes(1) + signature,
            signature[half:] + signature[:half],
            signature[::-1],
            random.randbytes(len(signature)),
            random.randbytes(random.randrange(600)),
        )
    )
    return _joined(header, claims, other)


def _mac(good: Good, random: Random) -> str:
    public = good.ehr.public_jwk()
    secret = random.choice((b"", b"\0", b"null", json.dumps(public).encode(), good.ehr.key.as_pem(private=False)))
    alg = random.choice(("HS256", "HS256", "hs256", "none", "None", good.ehr.alg))
    signing_input = _joined(json.dumps(good.header | {"alg": alg}).encode(), good.parts[1])
    return f"{signing_input}.{base64url.encode(hmac.digest(secret, signing_input.encode(), sha256))}"


def _segments(good: Good, random: Random) -> str:
    segments: list[str] = good.text.split(".")
    place = random.randrange(3)
    for _ in range(random.choice((1, 1, 2))):
        match random.randrange(6):
            case 0:
                segments.insert(place, random.choice(("", "e30", segments[0], "AAAA")))
            case 1:
                segments = segments[:place] + segments[place + 1 :] or ["e30"]
            case 2:
                random.shuffle(segments)
            case 3:
                segments += [""] * random.choice((1, 2, 3, 9_000))
            case _:
                place = min(place, len(segments) - 1)
                segments[place] = random.choice(_SPELLINGS)(segments[place])
    return ".".join(segments)


_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (
    lambda segment: segment + "=",
    lambda segment: segment + "==",
    lambda segment: segment + "A",
    lambda segment: segment + "\n",
    lambda segment: " " + segment,
    lambda segment: segment[:-1] + chr(ord(segment[-1]) + 1) if segment else "=",
    lambda segment: segment[:-1],
    lambda segment: segment.swapcase(),
    lambda segment: segment.replace("-", "+").replace("_", "/") + "=" * (-len(segment) % 4),
    lambda segment: "".join(f"%{ord(character):02x}" for character in segment[:50]) + segment[50:],
    lambda segment: segment.replace("e", "\uff45"),
    lambda segment: segment * 60,
    lambda _: "",
)


def _characters(good: Good, random: Random) -> str:
    text = good.text
    for _ in range(random.choice((1, 1, 2, 5))):
        place, length = random.randrange(len(text) + 1), random.choice((0, 1, 1, 30))
        text = (
            text[:place] + "".join(random.choices(_CHARACTERS, k=random.choice((0, 1, 1, 3)))) + text[place + length :]
        )
    return text


def _form(good: Good, _random: Random) -> str:
    header, claims, signature = good.text.split(".")
    members = {"protected": header, "signature": signature}
    return json.dumps(
        _random.choice(
            ({"payload": claims, **members}, {"payload": claims, "signatures": [members]}, {"payload": claims})
        )
    )


def _stranger(good: Good, random: Random) -> str:
    claims = deepcopy(good.claims)
    if random.random() < 0.5:
        odd_json.spoil(claims, random)
    header = good.header | random.choice(({}, {"jwk": STRANGER.public_jwk()}, {"kid": STRANGER.kid}, {"alg": "ES256"}))
    return jws(header, odd_json.write(claims, random), STRANGER.alg, STRANGER.key)


STRANGER: Final = Ehr("ES256")
_ATTACKS: Final[tuple[Callable[[Good, Random], str], ...]] = (
    _bit,
    _bit,
    _other_header,
    _other_header,
    _other_claims,
    _other_claims,
    _other_signature,
    _mac,
    _segments,
    _segments,
    _characters,
    _characters,
    _form,
    _stranger,
)


def by_an_attacker(good: Good, other: Good, random: Random) -> str:
    """Return another token than `good`, made without its key; `other` is a second good one to take parts of."""
    token = good.text
    while token in (good.text, other.text):
        if random.random() < 0.05:
            token = _joined(*(random.choice((good, other)).parts[place] for place in range(3)))
        else:
            token = random.choice(_ATTACKS)(good, random)
    return token
