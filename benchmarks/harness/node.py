"""Programs of Node.js beside us, where there is one: installed by `tools/node.sh`, as `make bench` does."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.servers.loopback import die_with_parent

FOLDER: Final = Path(__file__).parents[1] / "node"
NEEDED: Final = 20
"""The major version of Node.js that the packages ask for."""


def available() -> bool:
    """Return whether the peers of npm can be run here: with their packages, and the Node.js that these ask for."""
    if shutil.which("node") is None or not (FOLDER / "node_modules").is_dir():
        return False
    return int(_version().partition(".")[0]) >= NEEDED


def environment() -> dict[str, str]:
    """Return what they are started with: nothing of ours but where programs are."""
    return {"PATH": os.environ["PATH"], "NODE_OPTIONS": "--experimental-global-webcrypto", "NODE_ENV": "production"}


def versions(*packages: str) -> dict[str, str]:
    """Return which versions are installed, of Node.js too."""
    found = {"Node.js": _version()}
    for package in packages:
        found[package] = json.loads((FOLDER / "node_modules" / package / "package.json").read_text())["version"]
    return found


def _version() -> str:
    said = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True)  # noqa: S607 - on PATH
    return said.stdout.strip().removeprefix("v")


class Conversation:
    """A program that answers each line with a line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, line: str) -> str:
        """Return what is answered. Raises RuntimeError where the program has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("this program was not started with pipes")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the program of Node.js ended: see what it said above")
        return answer.strip()

    def figures(self, line: str) -> dict[str, float]:
        """Return the figures that are answered."""
        answer: dict[str, Any] = json.loads(self.ask(line))
        return {name: float(value) for name, value in answer.items()}


@contextmanager
def running(script: str) -> Iterator[Conversation]:
    """Give a conversation with a program of ours."""
    command = [*die_with_parent("TERM"), "node", str(FOLDER / script)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        try:
            yield Conversation(process)
        finally:
            process.terminate()
