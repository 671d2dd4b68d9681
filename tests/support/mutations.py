"""What can be done to a token, drawn at random: before it is signed, to its signature, and to its text."""

import hmac
import json
import string
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jws import JWSRegistry

from tests.support.drafts import Draft, drafted
from tests.support.ehr import Ehr

_NAMES = ("RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
_ODD_NAMES = ("none", "None", "HS256", "RS1", "rs256", "ES512", "ES256K", "dir", "", " RS256", "RS256\0")
_ODD: tuple[Any, ...] = (None, 1, True, 1.5, "", "x", [], ["x"], {}, {"x": 1}, "\ud800", "\u00e9", -1, [None])
_PARAMETERS = ("jwk", "jku", "x5u", "x5c", "b64", "zip", "enc", "epk", "crit")
_WITHOUT_EFFECT = ("foo", "cty", "x5t", "x5t#S256", "url", "nonce", "apu", "p2c", "CRIT", "iss")
_TYPES = ("JWT", "jwt", "sso+jwt", "application/JWT", "at+jwt", "JOSE", "", "dpop+jwt", "JWT ", None, 1, ["JWT"])
_CHARACTERS = string.ascii_letters + string.digits + "-_+/=.~ \n\t\0\u00e9\uff21"


Mutation = Callable[[Draft, Random], None]


def _parameter(names: tuple[str, ...], values: tuple[Any, ...]) -> Mutation:
    def mutate(draft: Draft, random: Random) -> None:
        draft.header[random.choice(names)] = random.choice(values)

    return mutate


def _new_name(draft: Draft, _random: Random) -> None:
    if draft.alg == "EdDSA":
        draft.header["alg"] = "Ed25519"


def _without(draft: Draft, random: Random) -> None:
    draft.header.pop(random.choice(sorted(draft.header)), None)


def _other_algorithm(draft: Draft, random: Random) -> None:
    if draft.alg[:2] in {"RS", "PS"}:
        draft.alg = random.choice(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"))
    draft.header["alg"] = random.choice((draft.alg, draft.header.get("alg")))


def _twice(octets: bytes, random: Random) -> bytes:
    """Return an object with one of its members given twice, equal or not."""
    try:
        members = json.loads(octets)
    except ValueError:  # something else was done to it before
        return octets
    if not isinstance(members, dict):
        return octets
    name = random.choice(sorted(members) or ["x"])
    other = random.choice((members.get(name), "x", None))
    again = f"{json.dumps(name)}:{json.dumps(other)}"
    return b"{" + again.encode() + (b"," if members else b"") + octets.lstrip()[1:]


def _octets(octets: bytes, random: Random) -> bytes:
    """Return a JSON text in other octets: some say the same, some can be read in two ways."""
    text = octets.decode("utf-8", "replace")
    start = "{" + '"x":{},'.format(
        random.choice(("NaN", "Infinity", "1e999", "[" * 40 + "]" * 40, "1e-400", '"\\ud800"'))
    )
    return random.choice(
        (
            text.encode("utf-16"),
            text.encode("utf-16-be"),
            text.encode("utf-32"),
            b"\xef\xbb\xbf" + octets,
            b" \r\n\t" + octets + b" ",
            octets + b"\0",
            octets + b"{}",
            octets.replace(b'"', b"'"),
            octets[:-1] + b",}",
            b"[" + octets + b"]",
            text.replace("a", "\\u0061").encode(),
            (start + text.lstrip()[1:]).encode(),
            (start + text.lstrip()[1:]).encode(),
            octets[:-1] + b',"y":"\xff"}',
            b'"' + octets.hex().encode() + b'"',
        )
    )  # fmt: skip


def _header_octets(change: Callable[[bytes, Random], bytes]) -> Mutation:
    def mutate(draft: Draft, random: Random) -> None:
        before = draft.written
        draft.written = lambda octets: before(change(octets, random))

    return mutate


def _payload_octets(change: Callable[[bytes, Random], bytes]) -> Mutation:
    def mutate(draft: Draft, random: Random) -> None:
        draft.payload = change(draft.payload, random)

    return mutate


def _mac(draft: Draft, random: Random) -> None:
    secret = random.choice(
        (b"", b"\0", draft.ehr.key.as_pem(private=False), json.dumps(draft.ehr.key.as_dict(private=False)).encode())
    )
    draft.header["alg"] = random.choice(("HS256", "HS256", draft.header.get("alg")))
    draft.signed = lambda signing_input, _: hmac.digest(secret, signing_input.encode(), sha256)


def _signature(draft: Draft, random: Random) -> None:
    def change(_: str, octets: bytes) -> bytes:
        place, bit, half = random.randrange(len(octets)), 1 << random.randrange(8), len(octets) // 2
        numbers = int.from_bytes(octets[:half]), int.from_bytes(octets[half:])
        return random.choice(
            (
                octets[:place] + bytes([octets[place] ^ bit]) + octets[place + 1 :],
                octets[:place],
                octets + bytes(1),
                bytes(1) + octets,
                bytes(len(octets)),
                b"\xff" * len(octets),
                octets[half:] + octets[:half],
                random.randbytes(len(octets)),
                encode_dss_signature(*numbers),
            )
        )

    draft.signed = change


def _stranger(draft: Draft, random: Random) -> None:
    stranger = random.choice(STRANGERS)
    name = {"EdDSA": "Ed25519"}.get(stranger.alg, stranger.alg)
    draft.signed = lambda signing_input, _: JWSRegistry.algorithms[name].sign(signing_input.encode(), stranger.key)


def _text(draft: Draft, random: Random) -> None:
    def change(token: str) -> str:
        place = random.randrange(len(token) + 1)
        first, _, rest = token.partition(".")
        character = random.choice(_CHARACTERS)
        return random.choice(
            (
                token[:place] + character + token[place:],
                token[:place] + token[place + 1 :],
                token[:place] + character + token[place + 1 :],
                token + random.choice((" ", "\n", "=", "==", ".", "\0", ".e30", "A")),
                random.choice((" ", "\n", ".", "\ufeff", "Bearer ")) + token,
                token.replace("-", "+").replace("_", "/"),
                f"{first}={rest}",
                f"{first}=.{rest}",
                token[:-1] + chr(ord(token[-1]) ^ 1),
                token.swapcase(),
                f"{rest}.{first}",
                token.rpartition(".")[0] + ".",
                token.rpartition(".")[0],
                json.dumps(dict(zip(("protected", "payload", "signature"), token.split("."), strict=False))),
                f"{first}..{rest.rpartition('.')[2]}",
            )
        )

    draft.text.append(change)


def _larger(draft: Draft, random: Random) -> None:
    size = random.randrange(200, 1200)
    match random.randrange(3):
        case 0:
            draft.header["foo"] = "x" * size
        case 1:
            before = draft.written
            draft.written = lambda octets: before(octets) + b" " * size
        case _:
            draft.payload = draft.payload.rstrip()[:-1] + b',"z":"' + b"x" * (5_000 + size) + b'"}'


STRANGERS = [Ehr("RS256"), Ehr("ES256"), Ehr("EdDSA")]
MUTATIONS: dict[str, Mutation] = {
    "nothing": lambda _draft, _random: None,
    "another name of an algorithm": _parameter(("alg",), _NAMES + _ODD_NAMES + _ODD),
    "the new name of EdDSA": _new_name,
    "another algorithm": _other_algorithm,
    "a parameter that is missing": _without,
    "a parameter that we refuse": _parameter(_PARAMETERS, (*_ODD, ["x"], ["alg"], ["typ", "typ"], True, False)),
    "a parameter without effect": _parameter(_WITHOUT_EFFECT, _ODD),
    "another kid": _parameter(("kid",), (*_ODD, "A" * 43, "../../dev/null", "' OR 1=1--")),
    "another typ": _parameter(("typ",), _TYPES),
    "a header member twice": _header_octets(_twice),
    "other octets of the header": _header_octets(_octets),
    "a claim twice": _payload_octets(_twice),
    "other octets of the claims": _payload_octets(_octets),
    "a larger token": _larger,
    "a MAC": _mac,
    "another signature": _signature,
    "a stranger's signature": _stranger,
    "another text": _text,
}


SPOILING = {"a MAC", "another signature", "a stranger's signature"}
"""What leaves no token good, unless its text is changed afterwards."""


def spoiled(names: list[str]) -> bool:
    """Return whether a token to which this was done must be refused, whatever else was done."""
    return not SPOILING.isdisjoint(names) and "another text" not in names


def mutated(ehr: Ehr, claims: dict[str, Any], names: list[str], random: Random) -> str:
    """Return a token to which all this was done, one after the other."""
    draft = drafted(ehr, claims)
    for name in names:
        MUTATIONS[name](draft, random)
    return draft.token()
