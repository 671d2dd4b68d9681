"""A Redis that does nothing by itself: each request and each reply goes through, or gets lost, when a test says so."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from redis.asyncio import Redis

Fate = Literal["answered", "refused", "request lost", "reply lost", "silent", "late"]
"""`silent` is a time-out of a request that never arrived; `late` one of a request that is still under way."""


@dataclass
class Request:
    """One command under way, and the caller that waits for it."""

    arguments: tuple[Any, ...]
    options: dict[str, Any]
    decided: asyncio.Future[Fate]


@dataclass
class SteppedRedis:
    """Stands before a real Redis, as its client; knows SET alone."""

    redis: Redis
    waiting: list[Request] = field(default_factory=list)
    under_way: list[Request] = field(default_factory=list)

    async def set(self, *arguments: Any, **options: Any) -> Any:
        """Wait until the test decides what becomes of the command."""
        request = Request(arguments, options, asyncio.get_running_loop().create_future())
        self.waiting.append(request)
        try:
            fate = await request.decided
        finally:
            if request in self.waiting:  # the caller has gone away, and what he sent may yet arrive
                self.waiting.remove(request)
                self.under_way.append(request)
        match fate:
            case "answered":
                return await self._carry_out(request)
            case "reply lost":
                await self._carry_out(request)
                raise ConnectionResetError
            case "silent":
                raise TimeoutError
            case "late":
                self.under_way.append(request)
                raise TimeoutError
            case _:
                raise ConnectionRefusedError

    def decide(self, number: int, fate: Fate) -> None:
        """Say what becomes of one of the commands that wait."""
        self.waiting.pop(number % len(self.waiting)).decided.set_result(fate)

    async def arrive(self, number: int) -> None:
        """Have a command arrive that nobody waits for any more."""
        await self._carry_out(self.under_way.pop(number % len(self.under_way)))

    async def _carry_out(self, request: Request) -> Any:
        return await self.redis.set(*request.arguments, **request.options)
