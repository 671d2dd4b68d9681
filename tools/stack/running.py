"""Everything that the file says, running: started in its order, stopped in the reverse."""

import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Final, Self

from tests.support.servers.process import ServerProcess
from tools.stack.compose_file import ROOT, Container, canonical, containers
from tools.stack.programs import IMAGES, OurService, run
from tools.stack.translation import LOOPBACK, Translation, translate

_FIRST: Final = 2
"""The last part of the first container's address."""


class Stack:
    """The containers of docker-compose.yml on this machine, published on a port of it; their data go with them.

    `ignored` is what the file says and nothing here heeds.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self.servers: dict[str, ServerProcess] = {}
        self.ignored: frozenset[str] = frozenset()
        self._translations: dict[str, Translation] = {}
        self._ready: set[str] = set()
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

    def run(self, name: str, *arguments: str) -> None:
        """Run `sso` in the place of one of the containers. Raises RuntimeError if it fails."""
        run(self._translations[name], *arguments)

    def _start(self) -> None:
        subprocess.run(["sh", "tools/secrets.sh", str(self._folder)], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)  # noqa: S607 - any shell will do
        form = canonical(self._folder, PUBLIC_URL=self.url, LISTEN=f"{LOOPBACK}:{self._port}")
        everyone = containers(form)
        addresses = dict(zip([one.name for one in everyone], free_addresses(len(everyone)), strict=True))
        fixed = frozenset().union(*(one.fixed for one in everyone))
        for container in everyone:
            folder = self._folder / "containers" / container.name
            self._translations[container.name] = translate(container, addresses, fixed, folder)
            self.ignored |= container.ignored
        for container in everyone:
            self._wait_for(container.dependencies)
            self._begin(container)
        self._wait_for(self.servers.keys())

    def _begin(self, container: Container) -> None:
        translation = self._translations[container.name]
        if container.is_ours and container.command[0] != "serve":
            run(translation, *translation.command())  # a command that ends, and others wait for its end
            return
        if not container.is_ours and container.image not in IMAGES:
            raise RuntimeError(f"no program of this machine is known for the image {container.image}")
        server = OurService(translation) if container.is_ours else IMAGES[container.image](translation)
        self.servers[container.name] = server
        server.begin()

    def _wait_for(self, names: Collection[str]) -> None:
        for name in self.servers.keys() & set(names) - self._ready:
            self.servers[name].wait_until_ready()
            self._ready.add(name)


def free_addresses(count: int) -> list[str]:
    """Return so many loopback addresses that nobody else is likely to have taken: two stacks can run side by side."""
    for _ in range(20):
        network = f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}"
        with socket.socket() as probe:
            if probe.connect_ex((f"{network}.{_FIRST}", 8080)):
                return [f"{network}.{_FIRST + number}" for number in range(count)]
    raise RuntimeError("no free loopback addresses")
