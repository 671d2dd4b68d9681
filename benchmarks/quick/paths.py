"""The hot paths, on stores of their own: production's application on PostgreSQL and the bundled Valkey."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, redirect_stderr
from pathlib import Path
from typing import Final

from common.settings import DatabaseSettings, Settings
from services.bench.operations import Operation, operations
from services.bench.service import open_measured, stores
from services.logs import configure_logs
from tests.support.servers.postgres_server import PostgresServer

PATHS: Final = ("verification", "launch", "permission", "access token")


@contextmanager
def measured_stores() -> Iterator[Settings]:
    """Give settings with PostgreSQL and Valkey, running, and nothing in them. Logs are written, to a file."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name, (Path(name) / "log").open("w") as log:
        with redirect_stderr(log):
            configure_logs()
        with stores(Path(name)) as settings, PostgresServer(private=True) as postgres:
            database = DatabaseSettings(url=asyncio.run(postgres.create_database()))
            yield settings.model_copy(update={"database": database})


@asynccontextmanager
async def hot_paths(settings: Settings) -> AsyncIterator[Mapping[str, Operation]]:
    """Give the operations that are held against what they were."""
    async with open_measured(settings) as service:
        every = operations(service)
        yield {name: every[name] for name in PATHS}
