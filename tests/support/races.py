"""Many at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def at_once(count: int, call: Callable[[int], Awaitable[T]]) -> list[T]:
    """Return what `count` calls answer that are let go in the same moment, each with its number."""
    start = asyncio.Event()

    async def wait_and_call(number: int) -> T:
        await start.wait()
        return await call(number)

    tasks = [asyncio.create_task(wait_and_call(number)) for number in range(count)]
    await asyncio.sleep(0)
    start.set()
    return list(await asyncio.gather(*tasks))
