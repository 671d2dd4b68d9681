"""A real PostgreSQL server for tests, and a database of its own for each of them."""
# mypy: disable-error-code="import-untyped"

import os
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from tests.support.servers.loopback import HOST, die_with_parent
from tests.support.servers.postgres_binaries import Programs, find_programs
from tests.support.servers.process import ServerProcess

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path has a length limit, a temporary folder's has none
    # A killed server loses nothing by these, as the kernel keeps what it wrote; only a power cut would.
    "fsync": "off",
    "full_page_writes": "off",
}
INITDB_OPTIONS = [
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
    "--no-sync",
]


class PostgresServer(ServerProcess):
    """The server of TEST_DATABASE_URL, else our own: the newest Debian one or the bundled one.

    A private one is always our own, so it can be paused and killed.
    """

    end_signal = signal.SIGINT  # its "fast" shutdown
    programs: Programs

    def __init__(self, *, private: bool = False, connections: int = 200) -> None:
        super().__init__(None if private else os.environ.get("TEST_DATABASE_URL"))
        self.connections = connections
        self._databases: list[str] = []

    @property
    def url(self) -> str:
        """The postgresql:// URL of the administrator's database, with the password."""
        return self.external_url or f"postgresql://postgres:{self.password}@{HOST}:{self.port}/postgres"

    async def create_database(self, template: str | None = None) -> str:
        """Make a database and return its postgresql:// URL.

        It is empty, or a copy of the template: a name, or a URL this method returned, with no connections
        left. Raises asyncpg.PostgresError where the server refuses.
        """
        name = f"test_{secrets.token_hex(8)}"
        source = urlsplit(template).path.lstrip("/") if template else "template0"
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        self._databases.append(name)
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    @asynccontextmanager
    async def refusing(self, url: str) -> AsyncIterator[None]:
        """Let nobody into the database of a URL within, and put out whoever is in it."""
        name = urlsplit(url).path.lstrip("/")
        await self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
            await self._execute(f"{others} '{name}'")
            yield
        finally:
            await self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    async def drop_databases(self) -> None:
        """Drop what create_database made, also where somebody is still connected to it; not where all of it goes."""
        while self.external_url is not None and self._databases:
            await self._execute(f'DROP DATABASE IF EXISTS "{self._databases.pop()}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _prepare(self) -> None:
        self.programs = find_programs(self.folder)
        self.user = self.programs.user
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        if self.user is not None:
            os.chown(self.folder, self.user, -1)
            os.chown(password_file, self.user, -1)
        files = [f"--pgdata={self.folder / 'data'}", f"--pwfile={password_file}"]
        initdb = [*self.programs.prefix, str(self.programs.folder / "initdb"), *files, *INITDB_OPTIONS]
        with (self.folder / "log").open("ab") as log:
            done = subprocess.run(initdb, check=False, stdout=log, stderr=log, user=self.user, group=self.user)
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{(self.folder / 'log').read_text(errors='replace')}")

    def _command(self) -> list[str]:
        settings = SETTINGS | {"max_connections": str(self.connections)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        postgres = str(self.programs.folder / "postgres")
        data = ["-D", str(self.folder / "data"), "-p", str(self.port)]
        return [*self.programs.prefix, *die_with_parent("QUIT"), postgres, *data, *options]

    def _ready(self) -> bool:
        """As pg_ctl does: the eighth line of the lock file says so, of this very process."""
        lock_file = self.folder / "data" / "postmaster.pid"
        lines = lock_file.read_text().splitlines() if lock_file.exists() else []
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"
