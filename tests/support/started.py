"""`sso serve` where it must not start: in a process of its own that ends, and what it said.

The process is forked from one that has loaded our code and done no more: loading it anew takes longer than the rest.
"""

import multiprocessing
import os
import sys
from tempfile import NamedTemporaryFile
from typing import Final

_FORKS: Final = multiprocessing.get_context("forkserver")
_SECONDS: Final = 60.0


def refusal(*arguments: str, **settings: str) -> str:
    """Run `sso serve` under these settings and no others; return the one sentence that it ends with.

    Fails if it serves, or ends in any other way.
    """
    with NamedTemporaryFile() as log:
        code = _code(log.name, ["sso", "serve", *arguments], settings)
        said = log.read().decode()
    assert code == 2, said
    assert "Traceback" not in said
    sentences = [line for line in said.splitlines() if line.startswith("sso: ")]
    assert len(sentences) == 1, said
    return sentences[0]


def _code(log: str, command: list[str], settings: dict[str, str]) -> int | None:
    """Return the exit code of a command that writes into the file `log`."""
    _FORKS.set_forkserver_preload(["services.start", "services.cli", "services.demo.app"])
    process = _FORKS.Process(target=_run, args=(log, command, settings))
    process.start()
    process.join(_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode


def _run(log: str, command: list[str], settings: dict[str, str]) -> None:
    """Be the command: with its arguments, its environment, and its output in the file."""
    from services.start import main  # noqa: PLC0415 - in the other process

    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    for name in [name for name in os.environ if name.startswith("SSO_")]:
        del os.environ[name]
    os.environ.update(settings)
    sys.argv = command
    main()
