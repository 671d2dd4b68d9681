"""What many ask in one moment, answered by one piece of work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any, Final, Generic, TypeVar

from common.errors import Unavailable

_AT_ONCE: Final = 1000
"""Questions that are answered together at most."""

_APART: Final = 8
"""Questions that are asked at once where each is asked by itself."""

Q = TypeVar("Q")
A = TypeVar("A")
_Asked = Sequence[tuple[Q, "asyncio.Future[A]"]]


class Together(Generic[Q, A]):
    """While questions are being answered, the next ones gather, and are answered together after them.

    The work begins after whoever wants its answer has asked, so nobody gets what was true before.
    """

    def __init__(
        self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], lanes: int = 2, *, apart: bool = False
    ) -> None:
        """`answer` gives an answer to each question, in their order; what it raises is raised to each who asked.

        It is called at most `lanes` times at once, so that one that takes long does not hold up all others. Questions
        that cannot be answered together, though what answers is there, are asked `apart` once more: where asking twice
        is asking once, one bad question costs nobody else their answer.
        """
        self._apart = apart
        self._answer = answer
        self._lanes = lanes
        self._asked: list[tuple[Q, asyncio.Future[A]]] = []
        self._answering = 0
        self._tasks = set["asyncio.Task[None]"]()  # the event loop itself forgets them

    def ask(self, question: Q) -> "asyncio.Future[A]":
        """Return what will be the answer."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._asked.append((question, future))
        if self._answering < self._lanes:
            self._begin()
        return future

    def _begin(self) -> None:
        task = asyncio.create_task(self._answer_all(), context=Context())  # it is nobody's request
        self._answering += 1
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_all(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked[:_AT_ONCE], self._asked[_AT_ONCE:]
                await self._answer_these(asked)
        except asyncio.CancelledError:
            if self._asked:
                self._begin()  # those who gathered meanwhile
            raise
        finally:  # at once, and not when the task is done: who asks in between would wait for ever
            self._answering -= 1

    async def _answer_these(self, asked: "_Asked[Q, A]") -> None:
        waiting = [(question, future) for question, future in asked if not future.done()]  # else it was given up
        if not waiting:
            return
        try:
            error = await self._answered(waiting)
            if error is not None and self._apart and (len(waiting) > 1 or _is_undone(error)) and _goes_on(error):
                error = await self._answer_apart(waiting)
            if error is not None:
                _refuse(waiting, error)
        except asyncio.CancelledError:  # the service is stopping
            for _, future in waiting:
                future.cancel()
            raise

    async def _answered(self, waiting: "_Asked[Q, A]") -> Exception | None:
        """Answer these together; return what came instead, if it was no answers."""
        try:
            answers = await self._answer([question for question, _ in waiting])
            answered = list(zip(waiting, answers, strict=True))
        except Exception as error:
            return error
        for (_, future), answer in answered:
            if not future.done():
                future.set_result(answer)
        return None

    async def _answer_apart(self, waiting: "_Asked[Q, A]") -> Exception | None:
        """Answer each by itself, a few at a time; return what the rest need not be asked after."""
        for start in range(0, len(waiting), _APART):
            some = [one for one in waiting[start : start + _APART] if not one[1].done()]  # else it was given up
            errors = await asyncio.gather(*(self._answered([one]) for one in some))
            for one, error in zip(some, errors, strict=True):
                if error is not None:
                    _refuse([one], error)
            gone = next((error for error in errors if error is not None and not _goes_on(error)), None)
            if gone is not None:
                return gone
        return None


def _goes_on(error: Exception) -> bool:
    """Return whether what answers is there for others."""
    return _is_undone(error) or not isinstance(error, Unavailable)


def _is_undone(error: Exception) -> bool:
    return isinstance(error, Unavailable) and error.undone


def _refuse(waiting: "_Asked[Any, Any]", error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
            future.exception()  # seen: who asked two questions and got this for the first looks no further
