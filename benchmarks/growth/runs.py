"""One run: servers, two databases, the plans, the rounds, and what a launch leaves behind."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import structlog
from redis import Redis

from benchmarks.growth import cost, kept, notes, plans, plans_sqlite
from benchmarks.growth.fill import fill, name_of
from benchmarks.growth.population import Population
from benchmarks.growth.server import AS_PRODUCTION, LargePostgres, require_room
from benchmarks.growth.service import KINDS, Service, open_service
from benchmarks.harness.figures import Rounds
from benchmarks.harness.results import Row
from common.key_files import read_key
from identity.pseudoniem.digest import DigestKey
from keys.sealing import Sealer
from tests.support.production import make_ready
from tests.support.servers.redis_server import RedisServer

ASKED: Final = 20
"""Requests of each kind whose plans are looked at."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Dossiers in the one database and in the other."""

    small: int
    large: int

    def __iter__(self) -> Iterator[int]:
        yield self.small
        yield self.large


@dataclass(slots=True)
class Outcome:
    """What a run showed; `faults` are what the product should do better, a sentence each."""

    sizes: Sizes
    seconds: dict[int, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    rounds: Rounds = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled:
    """A database, with the folder of the keys that belong to it."""

    url: str
    folder: Path
    population: Population


def filled(folder: Path, url: str, size: int, outcome: Outcome) -> Filled:
    """Make keys, bring a new database up, and fill it."""
    folder.mkdir()
    asyncio.run(make_ready(folder, url))
    population = Population(size)
    keys = (read_key(folder / f"{name}.key") for name in ("digest", "sealing"))
    digest, sealing = keys
    print(f"  filling {size:,} dossiers …", flush=True)
    outcome.seconds[size] = fill(url, population, DigestKey(digest), Sealer(sealing))
    return Filled(url, folder, population)


def on_postgresql(sizes: Sizes, rounds: int) -> Outcome:
    """Run on PostgreSQL."""
    require_room(sum(sizes))
    outcome = Outcome(sizes)
    with ExitStack() as stack:
        folder, redis = _beside(stack)
        postgres = stack.enter_context(LargePostgres())
        bases = {
            size: filled(folder / str(size), asyncio.run(postgres.create_database()), size, outcome) for size in sizes
        }
        postgres.restart(**AS_PRODUCTION)
        measure_postgresql(bases, postgres.folder / "log", postgres.pid, redis, rounds, outcome)
    return outcome


def measure_postgresql(
    bases: Mapping[int, Filled], log: Path, pid: int, redis: RedisServer, rounds: int, outcome: Outcome
) -> None:
    """Look at the plans, then measure the rounds and what a launch leaves behind."""
    small, large = outcome.sizes
    tables = {size: asyncio.run(kept.tables(base.url)) for size, base in bases.items()}
    observed = {size: _planned(base, plans.PlanLog(log, name_of(base.url)), redis.url) for size, base in bases.items()}
    many = {name: figures["rows"] for name, figures in tables[large].items()}
    outcome.faults = plans.faults(observed[small], observed[large], many)
    outcome.details = {
        "tables": {str(size): found for size, found in tables.items()},
        "plans": plans.table(observed[small], observed[large]),
    }
    with asyncio.Runner() as runner, _all_open(runner, bases, redis.url) as services:
        outcome.rounds, outcome.rows = cost.compare(runner, services, [pid, redis.pid], rounds)
        for name, how in {"journal": "off", "compressed journal": "on"}.items():
            outcome.details[name] = {
                str(size): kept.journal(runner, service, bases[size].url, how) for size, service in services.items()
            }
        with Redis.from_url(redis.url) as client:
            outcome.details["redis"] = kept.commands(runner, services[large], redis.pid, client)
    outcome.notes = notes.on_postgresql(len(observed[large]), len(outcome.faults), outcome.details)


def on_sqlite(sizes: Sizes, rounds: int) -> Outcome:
    """Run on SQLite."""
    require_room(sum(sizes))
    outcome = Outcome(sizes)
    with ExitStack() as stack:
        folder, redis = _beside(stack)
        bases = {
            size: filled(folder / str(size), f"sqlite:///{folder / str(size)}.db", size, outcome) for size in sizes
        }
        ran = _traced(bases[sizes.large], redis.url)
        outcome.faults = plans_sqlite.faults(folder / f"{sizes.large}.db", ran)
        with asyncio.Runner() as runner, _all_open(runner, bases, redis.url) as services:
            outcome.rounds, outcome.rows = cost.compare(runner, services, [redis.pid], rounds)
        outcome.details = {"bytes": {str(size): (folder / f"{size}.db").stat().st_size for size in sizes}}
        statements = sum(map(len, ran.values()))
        size = outcome.details["bytes"][str(sizes.large)]
        outcome.notes = notes.on_sqlite(statements, len(outcome.faults), sizes.large, size)
    return outcome


def _beside(stack: ExitStack) -> tuple[Path, RedisServer]:
    """Return a folder and a Redis for the time of a run, with the logs of the service written and thrown away."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="growth-")))
    sink = stack.enter_context((folder / "service.log").open("w"))
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sink))
    logging.basicConfig(level=logging.WARNING)
    redis = RedisServer("--appendonly", "yes", "--appendfsync", "everysec", private=True)
    return folder, stack.enter_context(redis)


def _planned(base: Filled, log: plans.PlanLog, redis_url: str) -> plans.Observed:
    observed: plans.Observed = {}
    asyncio.run(plans.explain_all(base.url, on=True))
    with asyncio.Runner() as runner, _all_open(runner, {0: base}, redis_url) as services:
        for kind in KINDS:
            log.skip()
            _ask(runner, services[0], kind)
            log.take(kind, observed)
    asyncio.run(plans.explain_all(base.url, on=False))
    return observed


def _traced(base: Filled, redis_url: str) -> dict[str, list[str]]:
    ran: dict[str, list[str]] = {}
    with plans_sqlite.traced() as seen, asyncio.Runner() as runner, _all_open(runner, {0: base}, redis_url) as services:
        for kind in KINDS:
            seen.clear()
            _ask(runner, services[0], kind)
            ran[kind] = list(seen)
    return ran


def _ask(runner: asyncio.Runner, service: Service, kind: str) -> None:
    for request in KINDS[kind](service, ASKED):
        runner.run(service.ask(request))


@contextmanager
def _all_open(runner: asyncio.Runner, bases: Mapping[int, Filled], redis_url: str) -> Iterator[dict[int, Service]]:
    """Give the service on each database."""
    stack = AsyncExitStack()

    async def opened() -> dict[int, Service]:
        return {
            size: await stack.enter_async_context(open_service(base.folder, base.url, redis_url, base.population))
            for size, base in bases.items()
        }

    try:
        yield runner.run(opened())
    finally:
        runner.run(stack.aclose())
