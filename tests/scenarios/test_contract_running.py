"""What an operator sees: when the service is ready, its figures, and the commands that make runs."""

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from tests.support.bsns import fresh_bsn
from tests.support.servers.redis_server import RedisServer
from tests.support.world import World, open_world

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def own_world(tmp_path: Path, redis: RedisServer) -> AsyncIterator[World]:
    """Give a service on a Redis and a database that a test may break."""
    async with open_world(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}", redis.url) as world:
        yield world


async def failing(world: World) -> list[str]:
    """Return what is not ready."""
    answer = await world.client.get("/readyz")
    parts: list[str] = answer.json()["failing"]
    assert answer.status_code == (503 if parts else 200)
    assert ("retry-after" in answer.headers) == bool(parts)
    return parts


async def test_a_service_is_not_ready_on_a_redis_that_evicts(tmp_path: Path) -> None:
    with RedisServer(private=True, maxmemory_policy="allkeys-lru") as redis:
        async with own_world(tmp_path, redis) as world:
            assert await failing(world) == ["redis"]
            await world.service.ground.redis.config_set("maxmemory-policy", "noeviction")
            assert await failing(world) == []


async def test_a_service_is_not_ready_on_a_redis_that_cannot_write(tmp_path: Path) -> None:
    with RedisServer(private=True) as redis:
        async with own_world(tmp_path, redis) as world:
            assert await failing(world) == []
            await world.service.ground.redis.replicaof("127.0.0.1", "1")
            assert await failing(world) == ["redis"]
            await world.service.ground.redis.replicaof("NO", "ONE")
            assert await failing(world) == []


async def test_a_service_is_not_ready_on_another_schema_and_says_whose(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with own_world(tmp_path, redis_server) as world:
        assert await failing(world) == []
        async with world.service.ground.databases.dossier.transaction() as connection:
            await connection.execute(text("UPDATE dossier_version SET version_num = 'older'"))
        assert await failing(world) == ["database:dossier"]
        assert (await world.client.get("/healthz")).json() == {"status": "ok"}


async def test_the_figures_are_by_route_and_without_what_was_sent(world: World) -> None:
    company, bsn = await world.company(alg="ES256"), fresh_bsn()
    await company.permission(bsn)
    await world.client.get(f"/dossier/{bsn}/nothing")
    shown = await world.client.get("/metrics")
    assert shown.status_code == 200
    assert shown.headers["content-type"].startswith("text/plain")
    assert 'sso_requests_total{method="GET",route="/dossier/{bsn}/permission",status="403"}' in shown.text
    assert bsn not in shown.text


def test_make_run_serves_the_demo_on_port_8080_and_make_test_runs_the_tests() -> None:
    def commands(target: str) -> str:
        clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
        return subprocess.run(
            ["/usr/bin/env", "make", "--dry-run", "--directory", str(ROOT), target],
            env=clean, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert "sso serve demo --port 8080" in commands("run")
    assert "/pytest" in commands("test")
