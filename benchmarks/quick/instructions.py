"""Counting the interpreter's own instructions: no clock has a part in it, so a busy or another machine counts the same.

What libraries do in C is not seen. It is whoever changes our code that makes a path longer, and that is seen at once.
"""

import sys
from collections.abc import Awaitable, Callable
from statistics import median
from types import FrameType
from typing import Any, Final

from benchmarks.quick.kept import Figures
from benchmarks.quick.paths import hot_paths
from common.settings import Settings
from services.bench.operations import Operation

_TIMES: Final = 15
"""How often each is counted: what the service does beside it, in the background, is in a few of them only."""

VERSION: Final = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
"""Whose instructions: those of another version are others."""


class Counter:
    """Counts the instructions that this thread begins within."""

    def __init__(self) -> None:
        """Begin at none."""
        self.total = 0
        self._other = sys.gettrace()  # who measures the coverage of tests

    def __enter__(self) -> "Counter":
        """Count from here."""
        sys.settrace(self._called)
        return self

    def __exit__(self, *_error: object) -> None:
        """Count no more."""
        sys.settrace(self._other)

    def _called(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:  # noqa: ANN401 - as settrace has it
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._each

    def _each(self, _frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:  # noqa: ANN401 - as settrace has it
        self.total += event == "opcode"
        return self._each


async def instructions(settings: Settings) -> Figures:
    """Return how many instructions of the interpreter each operation takes."""
    async with hot_paths(settings) as paths:
        return {name: await counted(operation) for name, operation in paths.items()}


async def counted(operation: Operation) -> float:
    """Return how many instructions one takes: the median of some, one after the other."""
    await (await operation(_TIMES))()  # not counted: what is made once is made now
    return median([await _once(await operation(1)) for _ in range(_TIMES)])


async def _once(work: Callable[[], Awaitable[object]]) -> int:
    with Counter() as counter:
        await work()
    return counter.total
