"""The keeper: the first key and its successors are made once, kept sealed, and nothing is made with a foreign key."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from common.audit.catalogue import SIGNING_KEY_MADE, SIGNING_KEY_WITHDRAWN
from common.errors import Conflict, NotFound, SettingsError, Unavailable
from keys.keeper import KeyKeeper
from keys.ring import KeyRing, Purpose, SealedKey
from keys.schedule import LEAST_KEPT, Planned
from tests.support.clock import SetClock
from tests.support.memory import MemoryAudit, MemorySigningKeys
from tests.support.own_keys import ANOTHER_SEALER, ROTATION, keeper_of, kids, signing_kid

ACCESS: Final = Purpose.ACCESS
PRIVATE: Final = {"d", "p", "q", "dp", "dq", "qi", "k"}


@dataclass
class Tampered(MemorySigningKeys):
    """A store in which another instance is quicker, once: `first` is what it appends."""

    first: SealedKey | None = None

    async def append(self, key: SealedKey) -> bool:
        if self.first is not None:
            first, self.first = self.first, None
            await super().append(first)
        return await super().append(key)


class Cabinet:
    """A store with one keeper, and a ring that has its first key."""

    def __init__(self) -> None:
        self.clock, self.store, self.audit = SetClock(), Tampered(), MemoryAudit()
        self.keeper: KeyKeeper = keeper_of(self.store, self.clock, audit=self.audit)

    async def open(self) -> KeyRing:
        return await self.keeper.open(ACCESS)

    async def kept(self) -> list[SealedKey]:
        return list(await self.store.all(ACCESS))

    async def kid(self) -> str:
        """Return who signs."""
        return signing_kid(await self.keeper.read(ACCESS), self.clock())

    async def competitor(self, plan: Planned) -> SealedKey:
        """Return a good key as another instance would make it."""
        other = MemorySigningKeys()
        await keeper_of(other, self.clock).open(ACCESS)
        (key,) = await other.all(ACCESS)
        return replace(key, plan=plan)

    def events(self) -> list[tuple[str, object]]:
        return [(event.type.name, event.fields["kid"]) for event in self.audit.events]


@pytest.fixture
def cabinet() -> Cabinet:
    return Cabinet()


async def test_the_first_opening_makes_a_key_and_the_next_finds_it(cabinet: Cabinet) -> None:
    first, second = await cabinet.open(), await cabinet.open()
    (kept,) = await cabinet.kept()
    now = cabinet.clock()
    assert signing_kid(first, now) == signing_kid(second, now) == kept.kid
    assert kept.plan == Planned(1, now, now)
    assert cabinet.events() == [(SIGNING_KEY_MADE.name, kept.kid)]


async def test_a_key_at_rest_is_sealed(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    (kept,) = await cabinet.kept()
    assert b"PRIVATE" not in kept.sealed
    assert ring.signing(cabinet.clock())[1].as_pem(private=True) not in kept.sealed


async def test_another_sealing_key_stops_the_start_with_a_sentence_that_says_how_to_mend_it(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    foreign = replace(cabinet.keeper, sealer=ANOTHER_SEALER)
    with pytest.raises(SettingsError, match="Put back the sealing key that belongs to this database") as caught:
        await foreign.open(ACCESS)
    kid = signing_kid(ring, cabinet.clock())
    assert kid in str(caught.value)
    assert signing_kid(await cabinet.open(), cabinet.clock()) == kid


async def test_nothing_is_made_with_another_sealing_key_not_even_when_it_is_time(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    foreign = replace(cabinet.keeper, sealer=ANOTHER_SEALER)
    cabinet.clock.forward(days=90)
    kept = await cabinet.kept()
    for attempt in (foreign.open(ACCESS), foreign.rotate(ACCESS), foreign.revoke(kept[0].kid)):
        with pytest.raises(SettingsError, match="does not open"):
            await attempt
    assert await cabinet.kept() == kept
    await cabinet.keeper.keep(ring)
    assert len(await cabinet.kept()) == 2


async def test_a_sealed_key_under_another_name_or_purpose_does_not_open(cabinet: Cabinet) -> None:
    await cabinet.open()
    (kept,), foreign = await cabinet.kept(), await cabinet.competitor(Planned(1, cabinet.clock(), cabinet.clock()))
    for moved in (replace(kept, sealed=foreign.sealed), replace(kept, purpose=Purpose.SSO)):
        with pytest.raises(SettingsError):
            await keeper_of(MemorySigningKeys({kept.kid: moved}), cabinet.clock).open(moved.purpose)


async def test_each_purpose_has_a_key_of_its_own_and_its_own_algorithm(cabinet: Cabinet) -> None:
    now = cabinet.clock()
    access, sso = await cabinet.open(), await cabinet.keeper.open(Purpose.SSO)
    assert [key["alg"] for ring in (access, sso) for key in ring.public(now)] == ["ES256", "RS256"]
    assert access.find(signing_kid(sso, now), now) is None
    assert sso.find(signing_kid(access, now), now) is None
    assert not PRIVATE & sso.public(now)[0].keys()


async def test_reading_makes_nothing(cabinet: Cabinet) -> None:
    assert kids(await cabinet.keeper.read(ACCESS), cabinet.clock()) == []
    assert await cabinet.kept() == []


async def test_a_successor_is_made_in_time_and_shown_before_it_signs(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    first = await cabinet.kid()
    cabinet.clock.now += ROTATION.signs - 2 * ROTATION.announced
    await cabinet.keeper.keep(ring)
    second = (await cabinet.kept())[0]
    assert kids(ring, cabinet.clock()) == [second.kid, first]
    assert signing_kid(ring, cabinet.clock()) == first
    assert signing_kid(ring, second.plan.signs_from) == second.kid
    assert cabinet.events()[1] == (SIGNING_KEY_MADE.name, second.kid)


async def test_where_one_key_does_not_open_the_withdrawal_of_another_counts_all_the_same(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    first = await cabinet.kid()
    await cabinet.keeper.revoke(first)
    good = await cabinet.kid()
    junk = SealedKey("x" * 43, ACCESS, Planned(3, cabinet.clock(), cabinet.clock()), b"junk")
    await cabinet.store.append(junk)
    with pytest.raises(SettingsError, match="does not open"):
        await cabinet.keeper.keep(ring)
    assert ring.find(first, cabinet.clock()) is None
    assert signing_kid(ring, cabinet.clock()) == good


async def test_a_key_that_took_too_long_to_be_kept_is_given_up(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    cabinet.clock.forward(days=90)
    standing_still = iter([cabinet.clock(), cabinet.clock() + timedelta(hours=2)])
    with pytest.raises(Unavailable):
        await replace(cabinet.keeper, clock=lambda: next(standing_still)).keep(ring)


async def test_an_operator_rotates_and_the_next_key_is_announced_once(cabinet: Cabinet) -> None:
    await cabinet.open()
    first = await cabinet.keeper.rotate(ACCESS)
    assert first.plan == Planned(2, cabinet.clock(), cabinet.clock() + ROTATION.announced)
    assert await cabinet.keeper.rotate(ACCESS) == first
    await cabinet.keeper.revoke(first.kid)
    third = await cabinet.keeper.rotate(ACCESS)
    assert (third.plan.generation, third.plan.withdrawn_at) == (3, None)
    with pytest.raises(NotFound, match="no key yet"):
        await cabinet.keeper.rotate(Purpose.SSO)


async def test_of_two_who_rotate_at_once_both_are_told_of_the_key_that_is_there(cabinet: Cabinet) -> None:
    await cabinet.open()
    now = cabinet.clock()
    cabinet.store.first = await cabinet.competitor(Planned(2, now, now + ROTATION.announced))
    told = await cabinet.keeper.rotate(ACCESS)
    assert [key.plan.generation for key in await cabinet.kept()] == [2, 1]
    assert told == (await cabinet.kept())[0]
    assert (SIGNING_KEY_MADE.name, told.kid) not in cabinet.events()  # who made it wrote it down


async def test_a_key_is_retired_when_no_token_under_it_can_be_good(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    first = await cabinet.kid()
    second = await cabinet.keeper.rotate(ACCESS)
    for moment in (cabinet.clock(), second.plan.signs_from + LEAST_KEPT - timedelta(seconds=1)):
        cabinet.clock.now = moment
        for kid in (first, second.kid):
            with pytest.raises(Conflict, match="sso keys rotate"):
                await cabinet.keeper.retire(kid)
    cabinet.clock.forward(seconds=1)
    await cabinet.keeper.retire(first)
    await cabinet.keeper.keep(ring)
    assert kids(ring, cabinet.clock()) == [second.kid]
    assert cabinet.events()[-1] == (SIGNING_KEY_WITHDRAWN.name, first)


async def test_the_key_that_signs_is_revoked_and_another_signs_at_once(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    first = await cabinet.kid()
    await cabinet.keeper.revoke(first)
    await cabinet.keeper.keep(ring)
    second = signing_kid(ring, cabinet.clock())
    assert second != first
    assert ring.find(first, cabinet.clock()) is None
    assert kids(ring, cabinet.clock()) == [second]
    assert cabinet.events()[1:] == [(SIGNING_KEY_MADE.name, second), (SIGNING_KEY_WITHDRAWN.name, first)]
    await cabinet.keeper.revoke(first)  # again: nothing happens
    assert len(cabinet.events()) == 3
    assert await cabinet.kid() == second


async def test_an_old_or_an_announced_key_is_revoked_and_the_same_one_signs(cabinet: Cabinet) -> None:
    await cabinet.open()
    first = await cabinet.kid()
    second = await cabinet.keeper.rotate(ACCESS)
    cabinet.clock.now = second.plan.signs_from
    third = await cabinet.keeper.rotate(ACCESS)
    for kid in (first, third.kid):
        await cabinet.keeper.revoke(kid)
        assert await cabinet.kid() == second.kid
    assert kids(await cabinet.open(), cabinet.clock()) == [second.kid]


async def test_who_revokes_while_another_announces_leaves_one_that_signs(cabinet: Cabinet) -> None:
    """An announced key in the place of the new one would leave nobody who signs, or one long out."""
    await cabinet.open()
    first = await cabinet.kid()
    now = cabinet.clock()
    cabinet.store.first = await cabinet.competitor(Planned(2, now, now + ROTATION.announced))
    await cabinet.keeper.revoke(first)
    kept = await cabinet.kept()
    assert [key.plan.generation for key in kept] == [3, 2, 1]
    assert await cabinet.kid() == kept[0].kid


@pytest.mark.parametrize("kid", ["", "x", "x" * 43])
async def test_what_is_no_key_of_ours_is_neither_retired_nor_revoked(cabinet: Cabinet, kid: str) -> None:
    await cabinet.open()
    for decide in (cabinet.keeper.retire, cabinet.keeper.revoke):
        with pytest.raises(NotFound, match="sso keys list"):
            await decide(kid)
    assert len(cabinet.events()) == 1


async def test_the_keys_of_a_clock_that_is_behind_are_revoked_at_once(cabinet: Cabinet) -> None:
    ring = await cabinet.open()
    first = await cabinet.kid()
    behind: datetime = cabinet.clock() - timedelta(minutes=2)
    await cabinet.keeper.revoke(first)
    await replace(cabinet.keeper, clock=lambda: behind).keep(ring)
    assert ring.find(first, behind) is None
    assert signing_kid(ring, behind) == kids(ring, behind)[0] != first
