"""Questions of one moment are answered together, each with its own answer, and none with what was true before."""

import asyncio
from collections.abc import Sequence

import pytest

from common.errors import Unavailable
from common.store.together import Together


class Desk:
    """Answers with the same word in capitals, when it is told to; keeps what was asked together."""

    def __init__(self, lanes: int = 1, *, apart: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.go_on = asyncio.Semaphore(0)
        self.together: Together[str, str] = Together(self._answer, lanes, apart=apart)

    async def _answer(self, questions: Sequence[str]) -> Sequence[str]:
        self.batches.append(list(questions))
        await self.go_on.acquire()
        if "fault" in questions:
            raise LookupError
        return [question.upper() for question in questions]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_while_others_are_answered_is_answered_after_them_and_together() -> None:
    desk = Desk()
    first = [desk.together.ask(word) for word in ("a", "b")]
    await settle()
    second = [desk.together.ask(word) for word in ("c", "a", "d")]
    await settle()
    assert desk.batches == [["a", "b"]], "they do not get the answer that is under way"
    desk.go_on.release()
    desk.go_on.release()
    assert [await answer for answer in (*first, *second)] == ["A", "B", "C", "A", "D"]
    assert desk.batches == [["a", "b"], ["c", "a", "d"]]


async def test_one_that_takes_long_holds_nobody_up_who_has_another_lane() -> None:
    desk, asked = Desk(lanes=2), []
    for word in ("a", "b", "c"):
        asked.append(desk.together.ask(word))
        await settle()
    assert desk.batches == [["a"], ["b"]]
    for _ in asked:
        desk.go_on.release()
    assert [await answer for answer in asked] == ["A", "B", "C"]


async def test_a_fault_is_that_of_all_who_asked_together_and_of_nobody_else() -> None:
    desk = Desk()
    failing = [desk.together.ask(word) for word in ("fault", "a")]
    await settle()
    good = desk.together.ask("b")
    desk.go_on.release()
    desk.go_on.release()
    for answer in failing:
        with pytest.raises(LookupError):
            await answer
    assert await good == "B"


async def test_who_has_given_up_is_not_asked_for_and_holds_nobody_up() -> None:
    desk = Desk()
    under_way, gone = desk.together.ask("a"), desk.together.ask("b")
    await settle()
    never_sent = desk.together.ask("c")
    gone.cancel()
    never_sent.cancel()
    desk.go_on.release()
    assert await under_way == "A"
    last = desk.together.ask("d")
    desk.go_on.release()
    assert await last == "D"
    assert desk.batches == [["a", "b"], ["d"]]


async def test_whoever_asks_in_the_moment_of_an_answer_gets_one() -> None:
    desk, asked = Desk(), 0
    desk.go_on = asyncio.Semaphore(1000)
    for asked in range(20):
        answer = desk.together.ask(str(asked))
        for _ in range(asked % 7):
            await asyncio.sleep(0)
        assert await asyncio.wait_for(desk.together.ask("x"), 5) == "X"
        assert await answer == str(asked)


async def test_one_bad_question_costs_nobody_else_their_answer_where_it_may_be_asked_again() -> None:
    desk = Desk(apart=True)
    asked = {word: desk.together.ask(word) for word in ("a", "fault", "b")}
    for _ in range(4):
        desk.go_on.release()
    assert (await asked["a"], await asked["b"]) == ("A", "B")
    with pytest.raises(LookupError):
        await asked["fault"]
    assert desk.batches == [["a", "fault", "b"], ["a"], ["fault"], ["b"]]


class Reader:
    """Answers no more than one at a time, and nobody any more after `last`; `asked` are those it was asked for."""

    def __init__(self, last: str, error: Exception) -> None:
        self.asked: list[str] = []
        self._last, self._error = last, error
        self.together: Together[str, str] = Together(self._answer, 1, apart=True)

    async def _answer(self, questions: Sequence[str]) -> Sequence[str]:
        if len(questions) > 1:
            raise LookupError
        self.asked += questions
        if questions[0] >= self._last:
            raise self._error
        return questions


async def outcomes(asked: Sequence[asyncio.Future[str]]) -> list[str]:
    came = await asyncio.gather(*asked, return_exceptions=True)
    return [one if isinstance(one, str) else type(one).__name__ for one in came]


async def test_once_there_is_nobody_to_answer_the_rest_are_not_asked_for_one_by_one() -> None:
    reader = Reader("c", Unavailable("the database"))
    words = [chr(ord("a") + number) for number in range(26)]
    told = await outcomes([reader.together.ask(word) for word in words])
    assert told == ["a", "b"] + ["Unavailable"] * 24
    assert len(reader.asked) < 10


async def test_who_was_undone_for_the_sake_of_others_is_asked_for_once_more_and_stops_nobody() -> None:
    reader = Reader("z", Unavailable("the database", undone=True))
    words = [*(chr(ord("z") - number) for number in range(26)), "z"]
    told = await outcomes([reader.together.ask(word) for word in words])
    assert told == ["Unavailable", *words[1:-1], "Unavailable"]
    assert await outcomes([reader.together.ask("z")]) == ["Unavailable"]
    assert reader.asked[-2:] == ["z", "z"]


async def test_who_waits_to_be_asked_for_apart_is_told_when_the_service_stops() -> None:
    desk, before = Desk(apart=True), asyncio.all_tasks()
    asked = [desk.together.ask(word) for word in ["fault", *"abcdefghijkl"]]
    desk.go_on.release()
    await settle()
    for task in asyncio.all_tasks() - before:
        task.cancel()
    await settle()
    assert all(future.cancelled() for future in asked)


async def test_whoever_asks_while_the_answering_is_broken_off_is_told_so_and_the_next_are_answered() -> None:
    desk, before = Desk(), asyncio.all_tasks()
    under_way = desk.together.ask("a")
    await settle()
    gathered = desk.together.ask("b")
    (task,) = asyncio.all_tasks() - before
    task.cancel()
    desk.go_on.release()
    assert await gathered == "B"
    assert under_way.cancelled()


async def test_a_wrong_number_of_answers_is_a_fault_and_not_silence() -> None:
    async def one_short(questions: Sequence[str]) -> Sequence[str]:
        return questions[1:]

    together: Together[str, str] = Together(one_short)
    with pytest.raises(ValueError, match="shorter"):
        await together.ask("a")
