"""What happens to stores: each fault begins, and ends with the store as it was."""
# mypy: disable-error-code="import-untyped"

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis

from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.process import ServerProcess
from tests.support.servers.redis_server import RedisServer


@dataclass(frozen=True)
class Stores:
    """A Redis and a PostgreSQL to break, and the database in use."""

    redis: RedisServer
    postgres: PostgresServer
    database_url: str


@dataclass(frozen=True)
class Fault:
    """What happens, and within how many seconds a launch says so."""

    happening: Callable[[Stores], AbstractAsyncContextManager[None]]
    seconds: float = 1.0


@asynccontextmanager
async def killed(server: ServerProcess) -> AsyncIterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()


@asynccontextmanager
async def stopped(server: ServerProcess) -> AsyncIterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@asynccontextmanager
async def hung(server: ServerProcess) -> AsyncIterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


@asynccontextmanager
async def told(redis: RedisServer, fault: str, cure: str) -> AsyncIterator[None]:
    """Tell Redis one thing at the beginning and another in the end."""
    async with Redis.from_url(redis.url) as client:
        await client.execute_command(*fault.split())  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            await client.execute_command(*cure.split())  # type: ignore[no-untyped-call]


@asynccontextmanager
async def without_connections(stores: Stores) -> AsyncIterator[None]:
    """Take every connection that PostgreSQL has, those of the service too."""
    async with AsyncExitStack() as taken:
        first = await asyncpg.connect(stores.postgres.url)
        taken.push_async_callback(first.close)
        name, put_out = stores.database_url.rpartition("/")[2], "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        while True:
            try:
                connection = await asyncpg.connect(stores.postgres.url)
            except asyncpg.TooManyConnectionsError:
                if not await first.fetch(f"{put_out} WHERE datname = $1", name):
                    break
            else:
                taken.push_async_callback(connection.close)
        yield


FAULTS: dict[str, Fault] = {
    "Redis was killed": Fault(lambda stores: killed(stores.redis)),
    "Redis hangs": Fault(lambda stores: hung(stores.redis)),
    "Redis is full": Fault(
        lambda stores: told(stores.redis, "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    ),
    "Redis has become a replica": Fault(
        lambda stores: told(stores.redis, "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    ),
    "PostgreSQL was stopped": Fault(lambda stores: stopped(stores.postgres)),
    "PostgreSQL was killed": Fault(lambda stores: killed(stores.postgres)),
    "PostgreSQL hangs": Fault(lambda stores: hung(stores.postgres), seconds=8.0),
    "PostgreSQL has no connection left": Fault(without_connections),
}
