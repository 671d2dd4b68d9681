"""What a fetched key set says (attacks KEY-006, KEY-009, KEY-010): good keys are taken, bad ones skipped and told."""

import json
from typing import Any
from uuid import uuid4

import pytest

from common.errors import JwksUriRejected
from keys.key_sets.choice import Known, choose
from keys.key_sets.document import MAX_LISTED, NamedKey, read
from keys.partners import MAX_KEYS
from schemas.identifiers import CompanyId
from tests.support.desk import ehr
from tests.support.ehr import Ehr

RSA = ehr("RS256").public_jwk()
NO_SET: dict[str, bytes] = {
    "an empty object": b"{}",
    "keys that are null": b'{"keys": null}',
    "keys that are an object": b'{"keys": {}}',
    "a list": b"[]",
    "a text": b'"x"',
    "nothing": b"",
    "no JSON": b"<html>",
    "half of it": b'{"keys": [',
    "UTF-16": '{"keys": []}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + b'{"keys": []}',
    "keys twice": b'{"keys": [], "keys": []}',
    "a member of a key twice": b'{"keys": [{"kty": "RSA", "kty": "oct"}]}',
    "a depth of 10,000": b'{"keys": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "10,000 objects in each other": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a number of 5,000 digits": b'{"keys": ' + b"1" * 5_000 + b"}",
    "NaN": b'{"keys": NaN}',
}


def the_set(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


@pytest.mark.parametrize("case", NO_SET)
def test_what_is_no_key_set_is_malformed(case: str) -> None:
    with pytest.raises(JwksUriRejected) as caught:
        read(NO_SET[case])
    assert caught.value.reason == "malformed"


def test_a_set_of_ten_thousand_keys_is_not_looked_through() -> None:
    with pytest.raises(JwksUriRejected) as caught:
        read(the_set(*[{}] * 10_000))
    assert caught.value.reason == "too_many"
    assert len(read(the_set(*[{}] * MAX_LISTED))[1]) == MAX_LISTED


BAD: dict[str, tuple[Any, str]] = {
    "null": (None, "malformed"),
    "a text": ("x", "malformed"),
    "an empty object": ({}, "malformed"),
    "an exponent of 1": (RSA | {"e": "AQ"}, "exponent"),
    "a symmetric key": ({"kty": "oct", "k": "c2VjcmV0"}, "symmetric"),
    "a private key": (ehr("RS256").key.as_dict(private=True), "private"),
    "a key for encryption": (RSA | {"use": "enc"}, "use"),
    "another algorithm": (RSA | {"alg": "HS256"}, "alg"),
    "a type that we do not know": ({"kty": "AKP", "pub": "AA"}, "type"),
    "a curve that we do not take": ({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}, "curve"),
    "a kid that is a number": (RSA | {"kid": 7}, "kid"),
    "a kid that is null": (RSA | {"kid": None}, "kid"),
    "an empty kid": (RSA | {"kid": ""}, "kid"),
    "a kid with a NUL": (RSA | {"kid": "a\0b"}, "kid"),
    "half a surrogate pair for a kid": (RSA | {"kid": "\ud800"}, "kid"),
    "too long a kid": (RSA | {"kid": "x" * 256}, "kid"),
    "a kid that is there already": (RSA | {"kid": "good"}, "kid"),
}


@pytest.mark.parametrize("case", BAD)
def test_one_bad_key_takes_no_good_one_with_it(case: str) -> None:
    bad, reason = BAD[case]
    good, last = ehr("ES256"), ehr("EdDSA")
    taken, skipped = read(the_set(good.public_jwk() | {"kid": "good"}, bad, last.public_jwk() | {"kid": "x" * 255}))
    assert [(one.name, one.key.kid) for one in taken] == [("good", good.kid), ("x" * 255, last.kid)]
    assert [(one.index, one.reason) for one in skipped] == [(1, reason)]


def test_a_key_without_a_name_has_its_thumbprint() -> None:
    ((one,), _) = read(the_set(RSA))
    assert (one.name, one.key.alg) == (one.key.kid, "RS256") == (ehr("RS256").kid, "RS256")


ALGORITHMS = {"RS256": "RS256", "ES256": "ES256", "ES384": "ES384", "EdDSA": "EdDSA"}


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_a_key_without_an_algorithm_has_that_of_its_type(kind: str) -> None:
    ((one,), _) = read(the_set(ehr(kind).key.as_dict(private=False)))
    assert one.key.alg == ALGORITHMS[kind]


def named(*keys: Ehr) -> list[NamedKey]:
    return list(read(the_set(*(key.public_jwk() | {"kid": f"{index}"} for index, key in enumerate(keys))))[0])


A, B = CompanyId(uuid4()), CompanyId(uuid4())
KNOWN = {
    "another's": (Known(B, "ES256", uploaded=True, revoked=False), "another_company"),
    "one that another published": (Known(B, "ES256", uploaded=False, revoked=False), "another_company"),
    "one that another revoked": (Known(B, "ES256", uploaded=False, revoked=True), "another_company"),
    "one that was revoked": (Known(A, "ES256", uploaded=False, revoked=True), "revoked"),
    "one uploaded for another algorithm": (Known(A, "ES384", uploaded=True, revoked=False), "alg"),
}


@pytest.mark.parametrize("case", KNOWN)
def test_a_key_that_the_company_may_not_have_is_skipped(case: str) -> None:
    bad, good = Ehr("ES256"), ehr("EdDSA")
    known, reason = KNOWN[case]
    taken, skipped = choose(A, named(bad, good), {str(bad.kid): known}, own=[])
    assert [one.name for one in taken] == ["1"]
    assert [(one.index, one.reason) for one in skipped] == [(0, reason)]


def test_a_key_of_ours_is_nobodys_to_publish() -> None:
    ours = Ehr("ES256")
    taken, skipped = choose(A, named(ours), {}, own=[str(ours.kid)])
    assert (taken, [one.reason for one in skipped]) == ([], ["another_company"])


def test_a_key_that_the_company_has_already_is_its_own() -> None:
    one, two = Ehr("ES256"), Ehr("ES256")
    known = {
        str(one.kid): Known(A, "ES256", uploaded=True, revoked=False),
        str(two.kid): Known(A, "ES384", uploaded=False, revoked=False),
    }
    assert [key.name for key in choose(A, named(one, two), known, own=[])[0]] == ["0", "1"]


def test_the_first_five_that_can_be_taken_are_and_a_key_has_one_name() -> None:
    keys = [Ehr("EdDSA") for _ in range(MAX_KEYS + 2)]
    revoked = {str(keys[0].kid): Known(A, "EdDSA", uploaded=False, revoked=True)}
    taken, skipped = choose(A, named(keys[0], keys[1], *keys[1:]), revoked, own=[])
    assert [one.key.kid for one in taken] == [key.kid for key in keys[1 : MAX_KEYS + 1]]
    assert [(one.index, one.reason) for one in skipped] == [(0, "revoked"), (2, "kid"), (MAX_KEYS + 2, "too_many")]
