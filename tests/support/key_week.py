"""Processes that sign and verifiers that cache, each with a clock of its own: what can go wrong between them.

Time goes by the minute. Whoever keeps a key set keeps it for as long as we allow, and every token that is good is
verified by everybody in every minute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from keys.keeper import KeyKeeper
from keys.ring import KeyRing, Purpose, SigningKeyStore
from keys.schedule import CACHED, Rotation
from schemas.profiles import COMPANY
from tests.support.clock import SetClock
from tests.support.own_keys import keeper_of

MINUTE = timedelta(minutes=1)


@dataclass
class Instance:
    """A process of ours: `ahead` is its clock's error."""

    keeper: KeyKeeper
    time: SetClock
    ahead: timedelta
    ring: KeyRing | None = None

    def clock(self) -> datetime:
        return self.time() + self.ahead

    async def look(self) -> KeyRing:
        """Start, or look at the keys again."""
        if self.ring is None:
            self.ring = await self.keeper.open(Purpose.ACCESS)
        else:
            await self.keeper.keep(self.ring)
        return self.ring

    def key_set(self, ring: KeyRing) -> frozenset[str]:
        return frozenset(key["kid"] for key in ring.public(self.clock()))


@dataclass
class Verifier:
    """Somebody who has our key set from one of our processes, and asks for it as seldom as we allow."""

    time: SetClock
    ahead: timedelta
    fetched_at: datetime
    kids: frozenset[str] = frozenset()

    def refuses(self, kid: str, expires_at: datetime) -> bool:
        """Return whether a token that is good is not let in, because its key is not known."""
        return kid not in self.kids and self.time() + self.ahead - COMPANY.leeway < expires_at

    def refresh(self, key_set: Callable[[], frozenset[str]]) -> None:
        """Ask for the key set if the one that is here is too old."""
        if not self.kids or self.time() - self.fetched_at >= CACHED:
            self.fetched_at = self.time() if self.kids else self.fetched_at
            self.kids = key_set()


@dataclass
class Week:
    """Two instances on one store, and three verifiers. `stranded` are the keys of good tokens that one of them refused.

    `seen` and `signed` are when a key was first there, and when it first signed; `expires` is when the last token
    under it does.
    """

    rotation: Rotation
    store: SigningKeyStore
    seed: int = 0
    time: SetClock = field(default_factory=SetClock)
    withdrawn: set[str] = field(default_factory=set)
    stranded: set[str] = field(default_factory=set)
    seen: dict[str, datetime] = field(default_factory=dict)
    signed: dict[str, datetime] = field(default_factory=dict)
    expires: dict[str, datetime] = field(default_factory=dict)
    _down: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The clocks lie as far apart as they may, and the verifiers do not fetch in the same minute."""
        self.instances = [self._instance(ahead) for ahead in (-MINUTE, MINUTE)]
        self.random = Random(self.seed)  # noqa: S311 - of a simulation
        errors = enumerate((-MINUTE, timedelta(), MINUTE))
        self.verifiers = [Verifier(self.time, ahead, self.time() - 2 * number * MINUTE) for number, ahead in errors]

    def _instance(self, ahead: timedelta) -> Instance:
        keeper = keeper_of(self.store, lambda: self.time() + ahead, rotation=self.rotation)
        return Instance(keeper, self.time, ahead)

    async def minute(self) -> None:
        """Let a minute go by: all who are up look, sign, and are verified."""
        self.time.now += MINUTE
        up = [one for number, one in enumerate(self.instances) if self._down.get(number, self.time()) <= self.time()]
        rings = [(one, await one.look()) for one in up]
        for verifier in self.verifiers if rings else []:
            one, ring = self.random.choice(rings)
            verifier.refresh(lambda one=one, ring=ring: one.key_set(ring))  # type: ignore[misc]  # bound per round
        for kid in await self.kept():
            self.seen.setdefault(kid, self.time())
        for one, ring in rings:
            kid = ring.signing(one.clock())[0]
            self.signed.setdefault(kid, self.time())
            self.expires[kid] = max(self.expires.get(kid, self.time()), one.clock() + COMPANY.lifetime)
        self._verify()

    def stop(self, number: int, time: timedelta) -> None:
        """Have one of the instances stopped for a while: it starts anew."""
        self._down[number] = self.time() + time
        self.instances[number].ring = None

    async def revoke(self, kid: str) -> None:
        """Revoke a key: tokens under it are no longer good."""
        await self.instances[0].keeper.revoke(kid)
        self.withdrawn.add(kid)

    def _verify(self) -> None:
        good = ((kid, at) for kid, at in self.expires.items() if kid not in self.withdrawn)
        self.stranded |= {kid for kid, at in good if any(verifier.refuses(kid, at) for verifier in self.verifiers)}

    async def kept(self) -> Sequence[str]:
        """Return the names of all keys, the newest first."""
        return [key.kid for key in await self.store.all(Purpose.ACCESS)]

    async def live(self, time: timedelta) -> None:
        """Let time go by."""
        for _ in range(int(time / MINUTE)):
            await self.minute()
