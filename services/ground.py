"""What every process of ours stands on, whichever services it runs."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from common.audit.counter import RefusalCounter
from common.audit.events import AuditLog
from common.clock import Clock, wall_clock
from common.limits import Counted, Limits
from common.settings import LimitSettings, Settings
from schemas.base import Rules
from services.databases import Databases, Owner, open_databases, urls_of
from services.limits_redis import RedisLimiter
from services.redis_client import TogetherRedis, open_redis
from services.refusal_counts import LoggedRefusals, keeping_counts
from services.required import ISSUER, REDIS

_KEY_SETS: Final = 10
"""How often a minute a company may have us fetch its key set: enough for people who try things."""

_SIGN_INS: Final = 120
_SIMULATIONS: Final = 240
"""How often a minute patients at one address may come back from the identity provider."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything stands on.

    `issuer` is our public URL, `hosts` are the names that we answer to, `databases` those of the owners that run here;
    `rules` differ in the demo alone.
    """

    issuer: str
    hosts: frozenset[str]
    clock: Clock
    rules: Rules
    databases: Databases
    redis: TogetherRedis
    limits: Limits
    counter: RefusalCounter

    @property
    def audit(self) -> AuditLog:
        """Return the audit of the first owner that runs here: what belongs to the process as a whole is its."""
        return self.databases.audit(self.databases.owners[0])


@asynccontextmanager
async def open_ground(
    settings: Settings, owners: Sequence[Owner], rules: Rules, clock: Clock = wall_clock
) -> AsyncIterator[Ground]:
    """Give what a composition with these owners stands on; nothing is connected yet. Raises SettingsError."""
    issuer, redis, urls = ISSUER.of(settings), open_redis(REDIS.of(settings)), urls_of(settings.database)
    databases = open_databases({owner.name: urls[owner.name] for owner in owners})
    counter = RefusalCounter(clock)
    try:
        ground = Ground(
            issuer=issuer,
            hosts=_host_names(issuer, settings.issuer.hosts),
            clock=clock,
            rules=rules,
            databases=databases,
            redis=redis,
            limits=Limits(RedisLimiter(redis, _per_minute(settings.limits))),
            counter=counter,
        )
        async with keeping_counts(counter, databases.refusals or LoggedRefusals()):
            yield ground
    finally:
        await redis.aclose()
        await databases.close()


def _host_names(issuer: str, further: str) -> frozenset[str]:
    """Return the host names that we answer to: the issuer's, and those `further` ones with commas between them."""
    named = (host.strip().lower() for host in further.split(","))
    return frozenset({urlsplit(issuer).hostname or "", *filter(None, named)})


def _per_minute(limits: LimitSettings) -> Mapping[Counted, int]:
    return {
        Counted.LAUNCHES: limits.launches,
        Counted.TOKEN_REQUESTS: limits.token_requests,
        Counted.REFUSALS: limits.refusals,
        Counted.KEY_SETS: _KEY_SETS,
        Counted.SIGN_INS: _SIGN_INS,
        Counted.SIMULATIONS: _SIMULATIONS,
    }
