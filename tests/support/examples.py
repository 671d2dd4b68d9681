"""The examples by copy and paste, as their page says, and the npm clients beside them: against a running service."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TYPESCRIPT = EXAMPLES / "typescript"
CLIENTS = ROOT / "tests" / "process" / "npm_clients.mjs"
LAUNCHES = ("python/launch.py", "typescript/launch.ts")
PERMISSIONS = ("python/permission.py", "typescript/permission.ts")
SECONDS = 60.0


@dataclass(frozen=True)
class Ended:
    """How a program ended, and what it said: line by line, on both of its outputs."""

    code: int
    lines: list[str]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return what a program is given of the environment: no proxy and no settings of the shell's."""
    # Debian 12's Node.js 18 has Web Crypto behind this switch; newer ones take it and have it anyway.
    node = {"NODE_OPTIONS": "--experimental-global-webcrypto", "NODE_NO_WARNINGS": "1"}
    return {"PATH": os.environ["PATH"], "HOME": str(home), **node, **more}


def run_page(url: str, folder: Path) -> tuple[Ended, dict[str, str]]:
    """Run every shell block of examples/README.md in one shell; return how it went, and what it has exported.

    `folder` takes the place of the page's `var/example`, and is an empty one.
    """
    page = (EXAMPLES / "README.md").read_text()
    script = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    for shown, here in (
        ("http://127.0.0.1:8080", url),
        (".venv/bin/python", sys.executable),
        ("$PWD/var/example", str(folder)),
        ("var/example", str(folder)),
    ):
        assert shown in script
        script = script.replace(shown, here)
    exported = folder / "exported"
    started = _start(["/bin/bash", "-uc", f"{script}\nenv -0 > {exported}"], environment(folder), ROOT)
    ended = _end(started)
    pairs = exported.read_text().rstrip("\0").split("\0") if exported.exists() else []
    return ended, dict(pair.split("=", 1) for pair in pairs)


def run_examples(names: tuple[str, ...], given: Mapping[str, str]) -> list[Ended]:
    """Run examples at the same time, with this environment."""
    runners = {".py": [sys.executable], ".ts": ["node", "--import", "tsx"]}
    started = [_start([*runners[Path(name).suffix], str(EXAMPLES / name)], given, TYPESCRIPT) for name in names]
    return [_end(one) for one in started]


def run_npm_clients(home: Path, **given: str) -> dict[str, Any]:
    """Run `npm_clients.mjs`; return what each client got, by name. Raises AssertionError if one got nothing."""
    ended = _end(_start(["node", "--input-type=module", "-"], environment(home, **given), TYPESCRIPT, CLIENTS))
    assert ended.code == 0, ended.lines
    seen: dict[str, Any] = json.loads(ended.lines[-1])
    return seen


def _start(
    command: list[str], given: Mapping[str, str], folder: Path, script: Path | None = None
) -> "subprocess.Popen[str]":
    with (script or Path(os.devnull)).open() as stdin:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=dict(given),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _end(started: "subprocess.Popen[str]") -> Ended:
    try:
        said, _ = started.communicate(timeout=SECONDS)
    finally:
        started.kill()
    return Ended(started.returncode, said.splitlines())
