"""A bearer token that has verified once is remembered; whether it still counts is asked anew each time."""

import pytest

from keys.ring import RingKey
from sso.verifier import access, ours
from sso.verifier.ours import Remembered
from sso.verifier.signature import verifies
from tests.support.ehr import flip
from tests.unit.test_access_tokens import FOREIGN_KEY, KEY, OLD_KEY, Office


def count_verifications(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return a list that grows with each signature that is looked at."""
    seen: list[bytes] = []

    def counted(signing_input: bytes, *others: object) -> bool:
        seen.append(signing_input)
        return verifies(signing_input, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(access, "verifies", counted)
    return seen


async def test_a_token_that_is_sent_again_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    office, seen = Office(), count_verifications(monkeypatch)
    token = office.issue()
    assert [await office.accepted(token) for _ in range(3)] == [True] * 3
    assert len(seen) == 1


async def test_a_remembered_token_expires_on_time() -> None:
    office = Office()
    token = office.issue()
    assert await office.accepted(token)
    office.clock.forward(minutes=16)
    assert not await office.accepted(token)


async def test_a_remembered_token_under_a_key_that_was_withdrawn_is_refused_at_once() -> None:
    office = Office()
    token = office.signed(OLD_KEY)
    assert await office.accepted(token)
    office.ring.replace([key for key in held(office) if key.kid != OLD_KEY.thumbprint()])
    assert not await office.accepted(token)


async def test_a_key_that_is_another_object_verifies_the_token_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key set that was fetched again may say something else under a name that we know."""
    office, seen = Office(), count_verifications(monkeypatch)
    token = office.signed()
    assert await office.accepted(token)
    fresh, foreign = (type(KEY).import_key(key.as_dict(private=True)) for key in (KEY, FOREIGN_KEY))
    for key, good in ((fresh, True), (foreign, False)):
        office.ring.replace([RingKey(KEY.thumbprint(), key, one.plan) for one in held(office)[:1]])
        assert await office.accepted(token) is good
    assert len(seen) == 3


async def test_a_company_or_a_token_that_is_taken_out_is_refused_with_the_next_request() -> None:
    office = Office()
    token, other = office.signed(jti="one"), office.signed(jti="two")
    assert [await office.accepted(one) for one in (token, other)] == [True, True]
    office.companies.revoked.add((office.company, "one"))
    assert [await office.accepted(one) for one in (token, other)] == [False, True]
    del office.companies.signers[office.company]
    assert not await office.accepted(other)


async def test_what_is_refused_is_not_remembered_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    office, seen = Office(), count_verifications(monkeypatch)
    token = office.issue()
    assert await office.accepted(token)
    for segment in range(3):
        assert not await office.accepted(flip(token, segment))
    spoiled, looked = flip(token, 2), len(seen)
    assert [await office.accepted(spoiled) for _ in range(2)] == [False, False]
    assert len(seen) == looked + 2, "each time anew"


async def test_no_more_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "_REMEMBERED", 2)
    office, seen = Office(), count_verifications(monkeypatch)
    first, second, third = (office.issue() for _ in range(3))
    for token in (first, second, third, third, second):
        assert await office.accepted(token)
    assert len(seen) == 3
    assert await office.accepted(first)
    assert len(seen) == 4


def test_a_token_is_not_kept_as_itself() -> None:
    assert Remembered().find("\ud800") is None


def held(office: Office) -> list[RingKey]:
    """Return the keys of the office's ring."""
    return [key for key, _ in office.ring._keys.values()]
