"""The program of this machine for each image that the file names."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.support.servers.loopback import die_with_parent
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.process import ServerProcess
from tests.support.servers.redis_server import find_binary
from tools.stack.compose_file import ROOT
from tools.stack.translation import LOOPBACK, Translation

_PORT: Final = 8080
"""Of the services in our image."""

_PROBE_SECONDS: Final = 5
_RUN_SECONDS: Final = 120
_SSO: Final = Path(sys.executable).with_name("sso")


class Program(ServerProcess):
    """A container as a process. `words` are the program and its arguments."""

    def __init__(self, translation: Translation, words: list[str]) -> None:
        super().__init__(None)
        self.translation = translation
        self._words = words

    def _command(self) -> list[str]:
        return [*die_with_parent("TERM"), *_with(self.translation), *self._words]


class OurService(Program):
    """`sso serve`, which is ready when the image's own health check says so."""

    start_seconds = 120.0  # a dozen processes start at once

    def __init__(self, translation: Translation) -> None:
        super().__init__(translation, [str(_SSO), *translation.command()])
        said = re.search(r"^HEALTHCHECK .*?CMD (\[.*?\])$", (ROOT / "Dockerfile").read_text(), re.DOTALL | re.MULTILINE)
        assert said is not None, "the Dockerfile has no health check"  # noqa: S101 - for the type checker
        _, *self._check = json.loads(said[1])

    def _ready(self) -> bool:
        if not _listens(self.translation.address, _PORT):
            return False  # no need to start a process to learn that
        # In a container `localhost` is the container.
        check = [word.replace("'localhost'", repr(self.translation.address)) for word in self._check]
        ended = subprocess.run([sys.executable, *check], capture_output=True, timeout=_PROBE_SECONDS, check=False)
        return ended.returncode == 0


class Redis(Program):
    """A Valkey: ready when it answers, which it does to those too who have not said who they are."""

    def __init__(self, translation: Translation) -> None:
        super().__init__(translation, [find_binary(), *translation.command()[1:]])

    def _ready(self) -> bool:
        try:
            with socket.create_connection((self.translation.address, 6379), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


class Postgres(PostgresServer):
    """The PostgreSQL of the tests, with the password and the scripts that the image's own first start would use.

    Its data are in a folder of its own: as root it is run as another user, who could not use that of the file.
    """

    def __init__(self, translation: Translation) -> None:
        super().__init__(private=True)
        self.port = 5432  # as everyone's URL says
        self.translation = translation
        self.password = Path(translation.environment()["POSTGRES_PASSWORD_FILE"]).read_text()

    def wait_until_ready(self) -> None:
        """See ServerProcess; then runs the scripts of a first start."""
        super().wait_until_ready()
        client = {"PGHOST": self.translation.address, "PGPORT": str(self.port), "PGPASSWORD": self.password}
        path = f"{self.programs.folder}{os.pathsep}{os.environ['PATH']}"
        for container_path, script in self.translation.files.items():
            if container_path.startswith("/docker-entrypoint-initdb.d/"):
                subprocess.run(["sh", str(script)], env={**os.environ, **client, "PATH": path}, check=True)  # noqa: S607 - any shell will do

    def _command(self) -> list[str]:
        return [*super()._command(), "-c", f"listen_addresses={self.translation.address}"]


class Nginx(Program):
    """The gateway: ready when it listens where it is published. Raises RuntimeError where this machine has no nginx."""

    def __init__(self, translation: Translation) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        if program is None:
            raise RuntimeError("no nginx: `make stack` installs it on Debian, else install it by hand")
        super().__init__(translation, [program, *translation.command()[1:]])

    def _ready(self) -> bool:
        return all(_listens(LOOPBACK, port) for port in self.translation.container.published.values())


IMAGES: Final[Mapping[str, Callable[[Translation], ServerProcess]]] = {
    "postgres": Postgres,
    "valkey/valkey": Redis,
    "nginxinc/nginx-unprivileged": Nginx,
}
"""The images of others that we know."""


def run(translation: Translation, *arguments: str) -> None:
    """Run `sso` once in a container's place, as `docker compose exec` would. Raises RuntimeError if it fails."""
    command = [*_with(translation), str(_SSO), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_RUN_SECONDS, check=False)
    if ended.returncode:
        raise RuntimeError(f"{translation.container.name}: {ended.stderr.strip()}")


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def _with(translation: Translation) -> list[str]:
    """Return the command prefix that gives a process its container's environment, and no other settings of ours."""
    forgotten = [f"--unset={name}" for name in os.environ if name.startswith("SSO_")]
    return ["env", *forgotten, *(f"{name}={value}" for name, value in translation.environment().items())]
