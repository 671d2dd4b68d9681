"""`/healthz`: the process runs. `/readyz`: what a launch needs is there, or the name of what is not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.errors import Unavailable
from common.http.routing import Resource
from services.databases import OWNERS, Databases, Owner
from services.migrate import is_current

_SECONDS: Final = 0.8
_PROBE_KEY: Final = "sso:ready"

_log = structlog.get_logger("health")


@dataclass(frozen=True, slots=True)
class HealthEndpoints:
    """Health for whoever runs the service; public, so it names parts and tells nothing else."""

    databases: Databases
    redis: Redis

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        return [Resource("/healthz", GET=self.healthz), Resource("/readyz", GET=self.readyz)]

    async def healthz(self, _request: Request) -> Response:
        """Say that the process answers."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _request: Request) -> Response:
        """Say whether a launch will work: 200, or 503 with what does not answer as it should."""
        checks: dict[str, Callable[[], Awaitable[bool]]] = {"redis": self._redis}
        checks |= {f"database:{owner.name}": self._database(owner) for owner in OWNERS}
        answers = dict(zip(checks, await asyncio.gather(*map(_answers, checks.values())), strict=True))
        failing = sorted(name for name, fine in answers.items() if not fine)
        body = {"status": "unavailable" if failing else "ready", "failing": failing}
        return JSONResponse(body, 503 if failing else 200, headers={"Retry-After": "1"} if failing else None)

    async def _redis(self) -> bool:
        memory = await self.redis.info("memory")
        written = await self.redis.set(_PROBE_KEY, "1", px=1000)
        return bool(written) and memory.get("maxmemory_policy") == "noeviction"

    def _database(self, owner: Owner) -> Callable[[], Awaitable[bool]]:
        return lambda: is_current(self.databases.by_owner[owner.name], owner)


async def _answers(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        async with asyncio.timeout(_SECONDS):
            return await check()
    except Unavailable as error:
        _log.warning("not ready", cause=error.private)
    except Exception as error:
        _log.warning("not ready", cause=type(error).__name__)
    return False
