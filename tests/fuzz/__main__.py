"""`make fuzz`: the large run, against a service of its own, on a Redis and a PostgreSQL of its own."""

import argparse
import sys
import tempfile
from pathlib import Path

import structlog
import uvloop

from tests.fuzz.run import Report, Run
from tests.support.bench import set_up_bench
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.world import open_world

MAX_GROWTH = 5 * 10**6
"""Octets over the second half."""


async def fuzz(seed: int, batches: int) -> Report:
    with tempfile.TemporaryDirectory() as folder, RedisServer() as redis, PostgresServer() as postgres:
        async with open_world(Path(folder), await postgres.create_database(), redis.url) as world:
            return await Run(await set_up_bench(world), world.app, seed, batches, tell=_tell).run()


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--batches", type=int, default=2_500, help="of 80 tokens and 20 requests each")
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # nowhere: there is a line per request
    _tell(f"seed {given.seed}")
    report = uvloop.run(fuzz(given.seed, given.batches))
    for line in report.lines():
        _tell(line)
    return int(report.grown >= MAX_GROWTH)


if __name__ == "__main__":
    raise SystemExit(main())
