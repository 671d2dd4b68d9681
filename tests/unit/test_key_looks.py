"""Looking at our keys again and again: a fault is survived, and keys that cannot be looked at are not used for long."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pytest

from common.errors import Unavailable
from keys.ring import KeyRing, Purpose, RingKey, SealedKey
from services.key_times import GOOD, Look, keeping_rings
from services.wiring import Rings
from tests.support.clock import SetClock
from tests.support.memory import MemorySigningKeys
from tests.support.own_keys import ROTATION, keeper_of, sealed_key, signing_kid

ACCESS: Final = Purpose.ACCESS


@dataclass
class Failing(MemorySigningKeys):
    """A store that fails while `fault` says how."""

    fault: Exception | None = None

    async def all(self, purpose: Purpose) -> Sequence[SealedKey]:
        if self.fault is not None:
            raise self.fault
        return await super().all(purpose)


class TellingRing(KeyRing):
    """A ring that says when it has been replaced."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        super().__init__(ACCESS, ROTATION)

    def replace(self, keys: Iterable[RingKey]) -> None:
        super().replace(keys)
        self.told.set()


@dataclass
class Watch:
    """A ring on a store that can fail, and who looks at it."""

    store: Failing = field(default_factory=Failing)
    clock: SetClock = field(default_factory=SetClock)
    seconds: float = 100.0

    async def begin(self) -> tuple[KeyRing, Look]:
        keeper = keeper_of(self.store, self.clock)
        ring = await keeper.open(ACCESS)
        return ring, Look(keeper, ring, lambda: self.seconds)


def answers(ring: KeyRing, now: datetime) -> bool:
    try:
        return bool(signing_kid(ring, now))
    except Unavailable:
        return False


FAULTS: dict[str, Exception] = {
    "the database is down": Unavailable("the database"),
    "what nobody expected": ValueError("x"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_keys_that_cannot_be_looked_at_answer_nobody_after_five_seconds_and_are_back_with_the_first_look(
    fault: Exception,
) -> None:
    watch = Watch()
    ring, look = await watch.begin()
    watch.store.fault = fault
    seen = []
    for watch.seconds in (100.5, 104.5, 100 + GOOD, 110.0):
        await look.once()
        seen.append(answers(ring, watch.clock()))
    assert seen == [True, True, False, False]
    watch.store.fault = None
    await look.once()
    assert answers(ring, watch.clock())
    assert GOOD == 5


async def test_a_key_that_does_not_open_takes_nothing_away_from_the_others() -> None:
    watch = Watch()
    ring, look = await watch.begin()
    await watch.store.append(sealed_key("x", 2, watch.clock()))
    for watch.seconds in (101.0, 110.0, 120.0):
        await look.once()
        assert answers(ring, watch.clock())


async def test_what_an_operator_did_counts_within_a_second_and_looking_ends_with_the_service() -> None:
    watch = Watch()
    keeper, access = keeper_of(watch.store, watch.clock), TellingRing()
    await keeper.keep(access)
    kid = signing_kid(access, watch.clock())
    async with keeping_rings(Rings(keeper, access, await keeper.open(Purpose.SSO))):
        await keeper.revoke(kid)
        async with asyncio.timeout(1):
            while access.find(kid, watch.clock()) is not None:
                access.told.clear()
                await access.told.wait()
    replaced = access.replaced
    await keeper.rotate(ACCESS)
    assert access.replaced == replaced
    assert signing_kid(access, watch.clock()) != kid
