"""Everything that the file says, running: started in its order, stopped in the reverse."""

import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from tests.support.servers.process import ServerProcess
from tools.stack.compose_file import ROOT, Container, canonical, containers
from tools.stack.programs import IMAGES, OurService, Program
from tools.stack.translation import LOOPBACK, translate

_FIRST: Final = 2
"""The last part of the first container's address."""


class Stack:
    """The containers of docker-compose.yml on this machine, published on a port of it; their data go with them."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self.servers: dict[str, ServerProcess] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="sso-stack-"))
        self._port = port

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything and remove its data."""
        started = list(reversed(self.servers.values()))
        for server in started:
            server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def service(self, name: str) -> Program:
        """Return one of our services."""
        server = self.servers[name]
        if not isinstance(server, Program):
            raise TypeError(f"{name} is none of our services")
        return server

    def _start(self) -> None:
        subprocess.run(["sh", "tools/secrets.sh", str(self._folder)], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)  # noqa: S603, S607 - of this repository
        form = canonical(self._folder, PUBLIC_URL=self.url, LISTEN=f"{LOOPBACK}:{self._port}")
        everyone = containers(form)
        addresses = dict(zip([one.name for one in everyone], _free_addresses(len(everyone)), strict=True))
        fixed = frozenset().union(*(one.fixed for one in everyone))
        waited_for: list[ServerProcess] = []
        for container in everyone:
            translation = translate(container, addresses, fixed, self._folder / "containers" / container.name)
            if _needs_to_wait(container, self.servers, waited_for):
                _wait(waited_for)
            if container.is_ours and container.command[0] != "serve":
                Program(translation, []).run(*translation.command())  # the command ends, and others wait for its end
                continue
            server = OurService(translation) if container.is_ours else IMAGES[container.image](translation)
            self.servers[container.name] = server
            server.begin()
            waited_for.append(server)
        _wait(waited_for)


def _needs_to_wait(container: Container, servers: dict[str, ServerProcess], waited_for: Sequence[ServerProcess]) -> bool:
    return any(servers.get(name) in waited_for for name in container.dependencies)


def _wait(servers: list[ServerProcess]) -> None:
    for server in servers:
        server.wait_until_ready()
    servers.clear()


def _free_addresses(count: int) -> list[str]:
    """Return so many loopback addresses that nobody else is likely to have taken: two stacks can run side by side."""
    for _ in range(20):
        network = f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}"
        with socket.socket() as probe:
            if probe.connect_ex((f"{network}.{_FIRST}", 8080)):
                return [f"{network}.{_FIRST + number}" for number in range(count)]
    raise RuntimeError("no free loopback addresses")
