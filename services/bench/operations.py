"""What is measured: operations that can be done so many times, each prepared before it is timed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.bench.library import verifier_of, verify_all
from services.bench.service import Measured
from services.bench.vendor import PATIENTS

AT_ONCE: Final = 16

Prepared = Callable[[], Awaitable[object]]
Operation = Callable[[int], Awaitable[Prepared]]
"""Prepares doing something so many times: what comes back does it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How long one took: processor time of this process, and how many there were a second by the clock on the wall."""

    cpu_seconds: float
    per_second: float


def operations(service: Measured) -> Mapping[str, Operation]:
    """Return the operations by name."""
    verifier, company_id = verifier_of(service.vendor, service.clock())

    async def verification(count: int) -> Prepared:
        now = service.clock()
        tokens = service.vendor.tokens(count, now)
        return lambda: verify_all(verifier, company_id, tokens, now)

    async def launch(count: int) -> Prepared:
        tokens = service.vendor.tokens(count, service.clock())
        return lambda: _some_at_once(service.launch(token) for token in tokens)

    async def permission(count: int) -> Prepared:
        patients = [PATIENTS[number % len(PATIENTS)] for number in range(count)]
        return lambda: _some_at_once(service.permission(bsn) for bsn in patients)

    async def access_token(count: int) -> Prepared:
        return lambda: _some_at_once(service.token() for _ in range(count))

    return {
        "verification": verification,
        "launch": launch,
        "permission": permission,
        "access token": access_token,
    }


async def timed(operation: Operation, count: int) -> Taken:
    """Do an operation so many times; return what one took."""
    work = await operation(count)
    began, cpu = time.perf_counter(), time.process_time()
    await work()
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
    return Taken(cpu / count, count / seconds)


async def _some_at_once(calls: Iterable[Awaitable[object]]) -> None:
    """Do all of these, a few at a time."""
    waiting = list(calls)[::-1]

    async def one_after_the_other() -> None:
        while waiting:
            await waiting.pop()

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
