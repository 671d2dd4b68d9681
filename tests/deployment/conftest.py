"""What the deployment tests share: a running deployment of each shape."""

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from tests.support.deployment import APART, OWNERS, Deployment, Shape
from tests.support.openid import Provider, open_provider
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer

SHAPES = {"one process": (("all",), 1), "four services": (APART, 1), "four services, two workers": (APART, 2)}


@pytest.fixture(scope="module", params=SHAPES)
async def shape(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> Shape:
    """A shape with empty databases; made apart, as `sso migrate` runs an event loop of its own."""
    services, workers = SHAPES[request.param]
    return Shape(services, workers, {owner: await postgres_server.create_database() for owner in OWNERS})


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """The provider at which patients sign in."""
    with open_provider() as running:
        yield running


@pytest.fixture(scope="module")
def deployment(
    shape: Shape, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer, provider: Provider
) -> Iterator[Deployment]:
    """A running deployment: do not stop it."""
    folder = tmp_path_factory.mktemp("deployment")
    running = Deployment(folder, shape.databases, redis_server.url, shape.services, shape.workers)
    running.provider = provider.issuer
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture
async def client(deployment: Deployment) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with cookies of its own."""
    async with deployment.client() as opened:
        yield opened
