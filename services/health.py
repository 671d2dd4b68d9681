"""`/healthz`: the process runs. `/readyz`: what a launch needs is there, or the name of what is not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.errors import Unavailable
from common.http.routing import Resource
from services.databases import Databases, Owner
from services.schema import is_current
from services.single_flight import SingleFlight

_SECONDS: Final = 0.8
_PROBE_KEY: Final = "sso:ready"

Check = Callable[[], Awaitable[bool]]

_log = structlog.get_logger("health")


class HealthEndpoints:
    """Health for whoever runs the service; public, so it names parts and tells nothing else."""

    def __init__(self, databases: Databases, redis: Redis) -> None:
        self._databases = databases
        self._redis = redis
        self._checks = SingleFlight(self._failing)  # many who ask at once cost no more than one

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        return [Resource("/healthz", GET=self.healthz), Resource("/readyz", GET=self.readyz)]

    async def healthz(self, _request: Request) -> Response:
        """Say that the process answers."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _request: Request) -> Response:
        """Say whether a launch will work: 200, or 503 with what does not answer as it should."""
        failing = await self._checks.join()
        body = {"status": "unavailable" if failing else "ready", "failing": failing}
        return JSONResponse(body, 503 if failing else 200, headers={"Retry-After": "1"} if failing else None)

    async def _failing(self) -> list[str]:
        checks: dict[str, Check] = {"redis": self._redis_is_fit}
        checks |= {f"database:{owner.name}": self._database_is_fit(owner) for owner in self._databases.owners}
        return await _failing(checks)

    async def _redis_is_fit(self) -> bool:
        memory = await self._redis.info("memory")
        written = await self._redis.set(_PROBE_KEY, "1", px=1000)
        return bool(written) and memory.get("maxmemory_policy") == "noeviction"

    def _database_is_fit(self, owner: Owner) -> Check:
        return lambda: is_current(self._databases.by_owner[owner.name], owner)


async def _failing(checks: Mapping[str, Check]) -> list[str]:
    """Return the names of the checks that did not say yes in time, sorted; a check that hangs is not waited for."""
    tasks = {asyncio.create_task(_says_yes(name, check)): name for name, check in checks.items()}
    done, hanging = await asyncio.wait(tasks, timeout=_SECONDS)
    for task in hanging:
        task.cancel()
    return sorted(name for task, name in tasks.items() if task not in done or not task.result())


async def _says_yes(name: str, check: Check) -> bool:
    try:
        return await check()
    except Unavailable as error:
        cause = error.private
    except Exception as error:
        cause = type(error).__name__
    _log.warning("not ready", part=name, cause=cause)
    return False
