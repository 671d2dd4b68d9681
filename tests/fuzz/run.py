"""The run: batches of mutated tokens and requests, and after each batch the untouched token, which is still good."""

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

from starlette.types import ASGIApp

from tests.fuzz import requests, tokens, vendors
from tests.fuzz.service import Answer, Request, ask
from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn

_AT_ONCE: Final = 10
_BATCHES_OF_A_LINE: Final = 100
_BATCHES_OF_A_CALLER: Final = 500
"""A batch takes a second of the service's clock, and a bearer token lasts 900."""


@dataclass
class Report:
    """What happened: answers by what was sent and their status, and how the process grew over the second half."""

    seed: int
    tokens: int = 0
    requests: int = 0
    untouched: int = 0
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: float = 0.0
    grown: int = 0

    def lines(self) -> Iterator[str]:
        """Yield the figures, for people."""
        yield f"seed {self.seed}: {self.tokens} tokens and {self.requests} requests in {self.seconds:.0f} s"
        for (kind, status), count in sorted(self.statuses.items()):
            yield f"  {kind:<22} {status}  {count}"
        yield f"  the untouched token was accepted after {self.untouched} batches"
        yield f"  resident memory grew by {self.grown / 2**20:.1f} MiB over the second half"


@dataclass(frozen=True)
class Run:
    """`tokens_of_a_batch` of each kind are sent, and `requests_of_a_batch`, until each batch has been."""

    bench: Bench
    app: ASGIApp
    seed: int
    batches: int
    tokens_of_a_batch: int = 80
    requests_of_a_batch: int = 20
    tell: Callable[[str], object] = lambda _: None

    async def run(self) -> Report:
        """Return what happened. Raises AssertionError with the seed and what was sent, at the first fault."""
        report, bsn, started = Report(self.seed), fresh_bsn(), perf_counter()
        drafts: list[requests.Draft] = []
        halfway = 0
        for batch in range(self.batches):
            if batch % _BATCHES_OF_A_CALLER == 0:
                drafts = (await requests.caller(self.bench, bsn)).drafts()
            if batch == self.batches // 2:
                halfway = resident()
            if batch % _BATCHES_OF_A_LINE == 0:
                self.tell(f"batch {batch}, {perf_counter() - started:.0f} s, {resident() / 2**20:.1f} MiB resident")
            self.bench.world.clock.forward(seconds=1)
            random = Random(f"{self.seed}/{batch}")  # noqa: S311 - to be repeated
            await self._tokens(random, report, f"batch {batch} of seed {self.seed}")
            await self._requests(drafts, random, report, f"batch {batch} of seed {self.seed}", bsn)
        report.seconds, report.grown = perf_counter() - started, resident() - halfway
        return report

    async def _tokens(self, random: Random, report: Report, place: str) -> None:
        signers = (self.bench.elliptic, self.bench.edwards, self.bench.elliptic, self.bench.a.ehr, self.bench.pss)
        ehr = random.choice(signers)
        named = random.choice(({}, {"iss": self.bench.a.company_id}))
        good, other = (tokens.sign(ehr, self.bench.claims(sub=f"profID{n}", **named)) for n in (1, 2))
        sent = []
        for number in range(self.tokens_of_a_batch):
            if number % 4:
                kind, token = "an attacker's token", tokens.by_an_attacker(good, other, random)
            else:  # fewer, because each is an event in the audit
                kind, token = "a company's token", vendors.by_its_company(good, random)
            sent.append((kind, token, self._launch(token, random)))
        answers = await self._all([request for _, _, request in sent])
        for (kind, token, _), answer in zip(sent, answers, strict=True):
            report.statuses[kind, answer.status] += 1
            assert answer.status in {400, 401, 413, 422}, f"{place}: {kind} was answered {answer.status}: {token!r}"
            assert b"set-cookie" not in answer.headers, f"{place}: {kind} was given a session: {token!r}"
            report.tokens += 1
        accepted = await ask(self.app, _post(b"application/json", json.dumps({"token": good.text}).encode()))
        assert accepted.status in {200, 503}, f"{place}: the untouched token was answered {accepted.body!r}"
        report.untouched += accepted.status == 200  # where the machine is too busy, Redis has too little time

    def _launch(self, token: str, random: Random) -> Request:
        """Return a launch by one of the doors."""
        body = {"token": token} | random.choice(({}, {"clientId": self.bench.a.company_id}))
        if random.random() < 0.7:
            return _post(b"application/json", json.dumps(body).encode())
        form = urlencode(body, errors="surrogatepass").encode()
        return _post(b"application/x-www-form-urlencoded", form, (b"accept", random.choice((b"*/*", b"text/html"))))

    async def _requests(
        self, drafts: list[requests.Draft], random: Random, report: Report, place: str, bsn: str
    ) -> None:
        sent = [requests.mutated(drafts, random) for _ in range(self.requests_of_a_batch)]
        for request, answer in zip(sent, await self._all(sent), strict=True):
            report.statuses["a request", answer.status] += 1
            fault = fault_of(answer, bsn)
            assert fault is None, f"{place}: {fault}, status {answer.status}: {request!r}"
            report.requests += 1

    async def _all(self, sent: Sequence[Request]) -> list[Answer]:
        """Return the answers to these requests, several at a time, as a service is asked."""
        answers: list[Answer] = []
        for place in range(0, len(sent), _AT_ONCE):
            answers += await asyncio.gather(*(ask(self.app, request) for request in sent[place : place + _AT_ONCE]))
        return answers


def fault_of(answer: Answer, bsn: str) -> str | None:
    """Return what is wrong with an answer, whatever was asked; `bsn` is of the patient that is asked about."""
    if answer.status >= 500:
        return "a fault of ours"
    if b"x-request-id" not in answer.headers or answer.headers.get(b"x-content-type-options") != b"nosniff":
        return "headers are missing"
    if bsn.encode() in answer.body or bsn.encode() in b"".join(answer.headers.values()):
        return "the BSN came back"
    return None


def _post(media_type: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> Request:
    chunks: Sequence[bytes] = [body]
    return Request("POST", b"/sso/launch", headers=[(b"content-type", media_type), *headers], chunks=chunks)


def resident() -> int:
    """Return the octets of memory that this process holds now, what can be freed freed.

    The whole process, and not only what Python's allocator knows: a leak in a library written in C counts too.
    """
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
