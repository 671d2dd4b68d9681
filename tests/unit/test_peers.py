"""Asking another service of ours: what it refuses, what fails on the way, and what is tried twice."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from common.errors import NotAuthenticated, NotFound, PermissionDenied, ServiceError, Unavailable
from common.http.app import create_app
from common.http.bearer import bearer_token
from common.http.routing import Resource
from common.limits import Limits
from dossier.model import ChoiceOutcome
from keys.published import access_keys
from schemas.base import Rules
from services.peers.bodies import ConsentChoice, HeldDossiers, Kept, KnownPseudoniemen
from services.peers.client import Peer
from services.single_flight import SingleFlight
from tests.support.memory import MemoryLimiter
from tests.support.network import Network
from tests.support.races import at_once
from website.errors import error_page
from website.pages import Pages

Answer = Callable[[], Response]


@dataclass
class Tokens:
    """Internal tokens, of which the next is used once one was refused."""

    names: list[str] = field(default_factory=lambda: ["good"])

    async def get(self) -> str:
        return self.names[0]

    def refused(self, token: str) -> None:
        self.names.remove(token)


@dataclass
class Other:
    """The other service: gives its answers one after the other, and the last again and again."""

    answers: Sequence[Answer]
    tokens: Tokens = field(default_factory=Tokens)
    asked: int = 0

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        if bearer_token(request) != "good":
            raise NotAuthenticated("The access token is not valid.", error="invalid_token")
        return self.answers[min(self.asked, len(self.answers)) - 1]()

    async def ask(self, *, safe: bool = True) -> dict[str, object]:
        app = create_app(
            [Resource("/it", POST=self.answer)],
            hosts=frozenset({"other"}),
            https=False,
            error_page=partial(error_page, pages=Pages()),
            observe=lambda *_: None,
            refused=lambda *_: None,
            limits=Limits(MemoryLimiter()),
        )
        async with httpx2.AsyncClient(transport=Network(app), base_url="http://other") as client:
            return await Peer("other", client, self.tokens).ask("/it", {}, safe=safe)


def good() -> Response:
    return JSONResponse({"answer": 42})


def refusal(error: ServiceError) -> Answer:
    def refuse() -> Response:
        raise error

    return refuse


async def test_a_good_answer_is_given_as_it_is() -> None:
    assert await Other([good]).ask() == {"answer": 42}
    assert await Other([lambda: Response(status_code=204)]).ask() == {}


@pytest.mark.parametrize(
    "answer",
    [
        refusal(PermissionDenied("Only the website acts for patients.")),
        lambda: JSONResponse({"code": "internal_error"}, 500),
        lambda: PlainTextResponse("<html>Bad gateway</html>", 502),
        lambda: PlainTextResponse('{"answer": 42, "answer": 43}'),
        lambda: JSONResponse({"elsewhere": True}, 302),
        refusal(NotFound("There is nothing at this address.")),
        lambda: PlainTextResponse('{"answer": "' + "x" * 5 * 1024 * 1024 + '"}'),
    ],
    ids=["refused to us", "its fault", "no problem document", "unreadable", "a redirect", "no such path", "too much"],
)
async def test_every_other_refusal_is_no_answer_and_tells_the_caller_nothing(answer: Answer) -> None:
    with pytest.raises(Unavailable) as refused:
        await Other([answer]).ask()
    assert refused.value.detail == "The service cannot answer now: the other service is not available."


@pytest.mark.parametrize(("safe", "asked"), [(True, 2), (False, 1)])
async def test_what_may_happen_twice_is_tried_twice_and_nothing_else(safe: bool, asked: int) -> None:  # noqa: FBT001
    other = Other([refusal(Unavailable("the database")), good])
    if safe:
        assert await other.ask(safe=safe) == {"answer": 42}
    else:
        with pytest.raises(Unavailable):
            await other.ask(safe=safe)
    assert other.asked == asked


async def test_a_token_that_is_refused_is_replaced_once_also_for_what_may_not_happen_twice() -> None:
    assert await Other([good], Tokens(["stale", "good"])).ask(safe=False) == {"answer": 42}
    with pytest.raises(Unavailable):
        await Other([good], Tokens(["stale", "stale too", "good"])).ask()


async def test_a_newer_service_may_say_more_and_nothing_else() -> None:
    assert KnownPseudoniemen.of({"pseudoniemen": [None], "more": 1}).pseudoniemen == [None]
    for members in ({}, {"pseudoniemen": "one"}, {"pseudoniemen": ["123456782"]}, {"pseudoniemen": None}):
        with pytest.raises(Unavailable) as refused:
            KnownPseudoniemen.of(members)
        assert "123456782" not in str(refused.value) + refused.value.private


@pytest.mark.parametrize(
    "key_set",
    [{}, {"keys": {}}, {"keys": []}, {"keys": [{"alg": "RS256"}]}, {"keys": [{"alg": "ES256"}]}, {"keys": ["ES256"]}],
)
def test_what_is_no_key_set_of_ours_is_refused(key_set: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="key"):
        access_keys(key_set)


async def test_work_under_way_is_shared_with_its_failure_and_done_anew_after() -> None:
    done = Counter[str]()

    async def work() -> int:
        done["work"] += 1
        if done["work"] == 1:
            raise Unavailable("the first")
        return done["work"]

    flight = SingleFlight(work)

    async def join(_: int) -> str:
        try:
            return str(await flight.join())
        except Unavailable:
            return "failed"

    assert await at_once(5, join) == ["failed"] * 5
    assert await at_once(5, join) == ["2"] * 5


def test_a_service_that_is_older_is_understood_about_choices() -> None:
    ids = {name: str(uuid4()) for name in ("dossierId", "companyId", "pseudoniem")}
    chosen = {"choice": "approved", "chosenAt": "2026-03-04T05:06:07Z"}
    held = {name: ids[name] for name in ("dossierId", "companyId")} | {
        "createdAt": chosen["chosenAt"],
        "consent": chosen,
    }
    (understood,) = HeldDossiers.of({"items": [held]}).items
    assert understood.history == ()
    assert understood.consent is not None
    assert (understood.consent.number, understood.consent.shown) == (0, None)
    assert Kept.of({"kept": True}).outcome is ChoiceOutcome.KEPT
    asked = {name: ids[name] for name in ("dossierId", "pseudoniem")} | {"choice": "approved"}
    assert ConsentChoice.parse(asked, Rules()).seen is None
