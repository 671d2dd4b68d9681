"""Chains of our own keys as they come about by the clock and by operators, without the keys themselves.

Each step checks what must hold at that moment, with what is known at that moment.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from keys.schedule import LEAST_KEPT, Planned, Rotation, signing

INSTANT = timedelta(microseconds=1)


@dataclass
class Chain:
    """The plans of one purpose on one clock. `last` is when each generation signed last."""

    rotation: Rotation
    now: datetime
    plans: list[Planned] = field(default_factory=list)
    last: dict[int, datetime] = field(default_factory=dict)

    def tick(self) -> None:
        """Do what the keeper does at a look."""
        plan = self.rotation.next(self.plans, self.now)
        if plan is not None:
            self.plans.append(plan)
        self.check()

    def rotate(self) -> None:
        """Do what the operator's command does."""
        if self.rotation.coming(self.plans, self.now) is None:
            self.plans.append(self.rotation.announced_now(self.plans, self.now))
        self.check()

    def revoke(self, number: int) -> None:
        """Withdraw one of the keys, as the operator's command does."""
        plan = self.plans[number % len(self.plans)]
        if plan is signing(self.plans, self.now):
            self.plans.append(self.rotation.at_once(self.plans, self.now))
        if plan.withdrawn_at is None:
            self.plans[self.plans.index(plan)] = replace(plan, withdrawn_at=self.now)
        self.check()

    def wait(self, time: timedelta) -> None:
        """Let time pass, and stop wherever something changes and just before it."""
        until = self.now + time
        changes = {moment for plan in self.plans for moment in self._instants(plan)}
        for moment in sorted(at for change in changes for at in (change - INSTANT, change) if self.now < at < until):
            self.now = moment
            self.check()
        self.now = until
        self.check()

    def check(self) -> None:
        """Check that one key signs, that others know it, and that every good token can be verified."""
        signs = signing(self.plans, self.now)
        assert signs is not None
        assert signs.withdrawn_at is None
        assert signs.unannounced or self.now - signs.published_from >= self.rotation.announced
        self.last[signs.generation] = self.now
        for plan in self.plans:
            when = self.rotation.instants(plan, self.plans)
            signs_now = when.signs_from <= self.now and (when.signs_until is None or self.now < when.signs_until)
            assert signs_now is (plan is signs)
            assert all(one <= next_one for one, next_one in pairwise(self._instants(plan)))
            good = plan.generation in self.last and self.now < self.last[plan.generation] + LEAST_KEPT
            assert when.withdrawn is (plan.withdrawn_at is not None)
            assert when.published(self.now) or not good or when.withdrawn
            assert when.published(self.now) <= when.verifies(self.now)

    def _instants(self, plan: Planned) -> list[datetime]:
        when = self.rotation.instants(plan, self.plans)
        instants = (when.published_from, when.signs_from, when.signs_until, when.published_until)
        return [instant for instant in instants if instant is not None]
