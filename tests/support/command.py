"""The command `sso` in this process, for what does not serve: a process of its own takes a second to start."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

from services.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it said on standard output and standard error."""

    code: int
    out: str
    err: str


def sso(*arguments: str, **settings: str) -> Ended:
    """Run `sso` under these settings and no others."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with _started_with(["sso", *arguments], settings), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())


@contextmanager
def _started_with(command: list[str], settings: dict[str, str]) -> Iterator[None]:
    before, sys.argv = (sys.argv, dict(os.environ)), command
    for name in [name for name in os.environ if name.startswith("SSO_")]:
        del os.environ[name]
    os.environ.update(settings)
    try:
        yield
    finally:
        sys.argv, environment = before
        os.environ.clear()
        os.environ.update(environment)
