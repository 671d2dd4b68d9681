"""Two other implementations, joserfc and Authlib, read the same tokens as ours, but for the differences in the table.

The tokens are drawn at random from a fixed seed, so a failure can be repeated. A difference that the table does not
explain fails the test, and so does a row of the table that explains nothing that no other row does. What a row says
ours refuses, ours always refuses.
"""

import base64
import json
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from joserfc import jwt
from joserfc.errors import SecurityWarning

from common import strict_json
from common.errors import TokenRejected
from schemas.profiles import MAX_TOKEN
from sso.verifier.token import MAX_HEADER
from tests.support.ehr import Ehr
from tests.support.mutations import MUTATIONS, mutated, spoiled
from tests.support.signed import SignatureCheck

with warnings.catch_warnings():
    import authlib.deprecate  # noqa: F401 - it has all its warnings shown, so the next line comes after it

    warnings.simplefilter("ignore")  # Authlib says that its part for JOSE has moved to joserfc; that part is meant here
    from authlib.jose import JsonWebKey, JsonWebToken

TOKENS = 5_000
FOREIGN = re.compile("[^A-Za-z0-9_-]")
SEED = 20260304
Claims = dict[str, Any] | None
"""What a token says, or None for one that is refused."""


def lenient(segment: str) -> bytes:
    """Return the octets of a segment as Authlib reads them: what is not of the alphabet is passed over."""
    text = FOREIGN.sub("", segment)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@lru_cache(maxsize=1)
def header_of(token: str) -> tuple[bytes, list[tuple[str, Any]]]:
    """Return the header as leniently as one can read it: its octets, and its members with those given twice."""
    try:
        octets = lenient(token.partition(".")[0])
        members = json.loads(octets, object_pairs_hook=list)
    except ValueError:
        return b"", []
    return octets, [pair for pair in members if isinstance(pair, tuple)] if isinstance(members, list) else []


@lru_cache(maxsize=1)
def payload_of(token: str) -> bytes:
    return lenient(token.split(".")[1])


def says(token: str, name: str, absent: str) -> Any:
    return dict(header_of(token)[1]).get(name, absent)


def another_spelling(token: str) -> bool:
    """RFC 7515 2: the URL-safe alphabet, no padding; and bits that stand for nothing are zero (RFC 4648 3.5)."""

    def canonical(segment: str) -> bool:
        octets = base64.urlsafe_b64decode(segment.encode("utf-8", "replace") + b"=" * (-len(segment) % 4))
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode() == segment

    return token.count(".") != 2 or not all(canonical(segment) for segment in token.split("."))


def twice(octets: bytes) -> bool:
    try:
        strict_json.parse(octets)
    except strict_json.DuplicateMember:
        return True
    except strict_json.NotJson:
        return False
    return False


def not_utf8(octets: bytes) -> bool:
    return octets.startswith(b"\xef\xbb\xbf") or json.detect_encoding(octets) != "utf-8"


def number_out_of_range(octets: bytes) -> bool:
    return any(text in octets for text in (b"NaN", b"Infinity", b"1e999"))


REGISTERED = {"cty", "x5t", "x5t#S256"}
KNOWN = {"alg", "typ", "kid", *REGISTERED}
REFUSED = {"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "enc", "epk"}
KIDS: list[str] = []
Holds = Callable[[str], bool]


@dataclass(frozen=True)
class Difference:
    """Where `holds`, ours refuses the token and `by` others may take it; if `taken`, ours may take what they refuse."""

    holds: Holds
    by: tuple[str, ...]
    taken: bool = False


BOTH = ("joserfc", "authlib")
DIFFERENCES: Mapping[str, Difference] = {
    "base64url has one spelling, so that a token has one text": Difference(another_spelling, ("authlib",)),
    "a parameter that brings keys or changes the meaning": Difference(
        lambda token: not REFUSED.isdisjoint(name for name, _ in header_of(token)[1]), BOTH
    ),
    "typ says what kind of token it is (RFC 8725 3.11)": Difference(
        lambda token: says(token, "typ", "JWT") not in ("JWT", "jwt", "sso+jwt", "application/JWT"), BOTH
    ),
    "kid names one of the signer's keys": Difference(lambda token: says(token, "kid", KIDS[0]) not in KIDS, BOTH),
    "a member is given once (RFC 7515 4)": Difference(lambda token: twice(header_of(token)[0]), BOTH),
    "a claim is given once (RFC 7519 4)": Difference(lambda token: twice(payload_of(token)), BOTH),
    "JSON is UTF-8 without a mark (RFC 8259 8.1)": Difference(
        lambda token: not_utf8(header_of(token)[0]) or not_utf8(payload_of(token)), ("joserfc",)
    ),
    "numbers are finite (RFC 8259 6)": Difference(
        lambda token: number_out_of_range(header_of(token)[0]) or number_out_of_range(payload_of(token)), BOTH
    ),
    "a header has 1 KiB at most": Difference(lambda token: len(token.partition(".")[0]) > MAX_HEADER, ("authlib",)),
    "a token has 8 KiB at most": Difference(lambda token: len(token) > MAX_TOKEN, BOTH),
    "unknown parameters are ignored (RFC 7515 4)": Difference(
        lambda token: any(name not in KNOWN for name, _ in header_of(token)[1]), ("joserfc",), taken=True
    ),
    "a parameter that is ignored may be of any type": Difference(
        lambda token: any(name in REGISTERED and not isinstance(value, str) for name, value in header_of(token)[1]),
        ("joserfc",),
        taken=True,
    ),
    "a header may have more than 512 octets": Difference(
        lambda token: len(token.partition(".")[0]) > 512, ("joserfc",), taken=True
    ),
    "Ed25519 is EdDSA (RFC 9864)": Difference(
        lambda token: says(token, "alg", "") == "Ed25519", ("authlib",), taken=True
    ),
}


@dataclass
class Reader:
    """One key, and three ways to read a token with it."""

    ehr: Ehr

    def __post_init__(self) -> None:
        self.check = SignatureCheck(self.ehr.public_jwk())
        self.algorithms = ["EdDSA", "Ed25519"] if self.ehr.alg == "EdDSA" else [self.ehr.alg]
        self.public = type(self.ehr.key).import_key(self.ehr.key.as_dict(private=False))
        self.authlib_key = JsonWebKey.import_key(self.ehr.key.as_dict(private=False))
        self.authlib = JsonWebToken(self.algorithms)

    async def ours(self, token: str) -> Claims:
        try:
            return strict_json.parse_object(await self.check.payload(token))
        except (TokenRejected, strict_json.NotJson):
            return None

    def others(self, token: str) -> dict[str, Claims]:
        def by_joserfc() -> Claims:
            return dict(jwt.decode(token, self.public, algorithms=self.algorithms).claims)

        def by_authlib() -> Claims:
            return dict(self.authlib.decode(token, self.authlib_key))

        return {"joserfc": tried(by_joserfc), "authlib": tried(by_authlib)}


def tried(read: Callable[[], Claims]) -> Claims:
    try:
        return read()
    except Exception:  # they leak KeyError, TypeError, RecursionError and more: all are refusals
        return None


def explained(token: str, other: str, *, taken: bool) -> set[tuple[str, str]]:
    return {
        (name, other)
        for name, difference in DIFFERENCES.items()
        if other in difference.by and difference.taken == taken and difference.holds(token)
    }


async def test_three_implementations_agree_on_thousands_of_tokens_but_for_the_differences_in_the_table() -> None:
    random = Random(SEED)  # noqa: S311 - the same tokens in every run
    readers = [
        Reader(Ehr(alg)) for alg in ("RS256", "ES256", "PS256", "ES256", "EdDSA", "ES256", "ES384", "ES256", "EdDSA")
    ]
    KIDS.extend(str(reader.ehr.kid) for reader in readers)
    names = list(MUTATIONS)
    used: set[tuple[str, str]] = set()
    unexplained: list[tuple[str, list[str], str]] = []
    taken = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        for number in range(TOKENS):
            reader = readers[number % len(readers)]
            mutations = random.sample(names, random.choice((1, 1, 1, 2, 3)))
            token = mutated(reader.ehr, {"sub": "profID1241", "jti": str(number), "iat": number}, mutations, random)
            ours = await reader.ours(token)
            taken += ours is not None
            if ours is not None:
                assert not spoiled(mutations), token
                assert not [name for name, row in DIFFERENCES.items() if not row.taken and row.holds(token)], token
            for other, theirs in reader.others(token).items():
                if ours == theirs:
                    continue
                reasons = explained(token, other, taken=theirs is None)
                if not reasons or (ours is not None and theirs is not None):
                    unexplained.append((other, mutations, token))
                used |= reasons if len(reasons) == 1 else set()
    assert unexplained == []
    assert {(name, other) for name, row in DIFFERENCES.items() for other in row.by} == used
    assert 0.1 < taken / TOKENS < 0.5  # neither side of the comparison is empty
