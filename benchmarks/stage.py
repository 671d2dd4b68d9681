"""What several jobs share: one service with its stores and rows, and the peers on copies of them."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.peer import Peer
from benchmarks.keys_of_peers import signing_file
from benchmarks.world import World, open_world

FLOOR, TEXTBOOK = "floor", "textbook"
PEERS: Final = (FLOOR, TEXTBOOK)


@dataclass
class Stage:
    """Opens what a job asks for; `closing` ends it all."""

    closing: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def world(self) -> World:
        """The service, on PostgreSQL and Redis of its own, with one worker."""
        return self.closing.enter_context(open_world())

    @cached_property
    def peers(self) -> dict[str, Peer]:
        """Floor and textbook, running, each on a copy of the database."""
        keys = {"digest_file": str(self.world.folder / "keys" / "digest.key"), "signing_file": str(self.signing_file)}
        running = {}
        for number, (name, database) in enumerate(zip(PEERS, self.world.copies(len(PEERS)), strict=True), 1):
            stores: dict[str, Any] = {"database_url": database, "redis_url": self.world.redis_of(number)}
            running[name] = self.closing.enter_context(Peer(name, **stores, **keys))
        return running

    @property
    def signing_file(self) -> Path:
        """Return the key with which the peers sign access tokens."""
        return signing_file(self.world.folder)
