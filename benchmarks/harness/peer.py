"""A peer as a process of its own: a module of `benchmarks/peers`, or a program of Node.js."""

import http.client
import json
import sys
from typing import Any

from benchmarks.harness.node import FOLDER, environment
from benchmarks.peers.setting import VARIABLE, Setting
from tests.support.servers.loopback import HOST, die_with_parent
from tests.support.servers.process import ServerProcess


class Peer(ServerProcess):
    """A running `python -m benchmarks.peers.NAME`."""

    path = "/readyz"

    def __init__(self, name: str, **given: Any) -> None:  # noqa: ANN401 - whatever the peer's setting takes
        """Start `name` with these fields of `Setting`."""
        super().__init__(None)
        self.name = name
        self.given = given

    def _command(self) -> list[str]:
        told = f"{VARIABLE}={Setting(self.port, **self.given).wire()}"
        return [*die_with_parent("TERM"), "env", told, sys.executable, "-m", f"benchmarks.peers.{self.name}"]

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", self.path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def __exit__(self, *raised: object) -> None:
        """End it; where a benchmark failed, show the end of what it said."""
        if any(raised):
            print((self.folder / "log").read_text(errors="replace")[-3000:], file=sys.stderr)
        self.close()


class NodePeer(Peer):
    """A running program of `benchmarks/node`, told in JSON what it is to be."""

    path = "/jwks"

    def _command(self) -> list[str]:
        told = [f"{name}={value}" for name, value in environment().items()]
        configuration = json.dumps({"port": self.port, **self.given})
        return [*die_with_parent("TERM"), "env", "-i", *told, "node", str(FOLDER / self.name), configuration]
