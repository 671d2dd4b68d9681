"""Several processes that serve one composition on one port, and one that watches over them.

A worker that dies is replaced; where the first ones cannot even start all end; and all end with who started them.
"""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog
import typer
import uvloop

from common.errors import ServiceError, SettingsError
from services.commands.given import exit_code
from services.logs import configure_logs
from services.server import GRACE_SECONDS, Composition, serve

# Workers are forked, but not from us: a fork of ours would share our threads' locks, and our Redis. They are forked
# from a process of Python's own that has loaded our code and done no more, so that each starts at once.
_FORKS: Final = multiprocessing.get_context("forkserver")
_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_PAUSE_SECONDS: Final = 1.0
"""Between a death and the successor: whatever kills workers at once must not keep the machine busy."""

_log = structlog.get_logger("workers")


def run(composition: Composition, listener: socket.socket, workers: int) -> None:
    """Serve until SIGINT or SIGTERM, in this process or in so many workers. Raises SettingsError."""
    ready = f"Ready: {composition.settings.issuer.url}"
    if workers == 1:
        uvloop.run(serve(composition, listener, lambda: typer.echo(ready)))
        return
    uvloop.run(_open_once(composition))
    with TemporaryDirectory(prefix="sso-metrics-") as folder, _stop_signals() as stopped:
        os.environ[_METRICS_FOLDER] = folder  # what the workers' metrics library looks for when it is imported
        _FORKS.set_forkserver_preload([composition.compose.__module__])
        _Workers(composition, listener, Path(folder), workers).watch(stopped, ready)


async def _open_once(composition: Composition) -> None:
    """Find what is wrong before there are many to say so."""
    async with composition.open():
        pass


@dataclass(frozen=True, slots=True)
class _Worker:
    """A worker; `said` gets a word when it serves, and its end when it dies."""

    process: ForkServerProcess
    said: Connection


class _Workers:
    def __init__(self, composition: Composition, listener: socket.socket, metrics: Path, count: int) -> None:
        self._arguments = (composition, listener, metrics)
        self._count = count
        self._starting: list[_Worker] = []
        self._serving: list[_Worker] = []
        self._served = False
        self._not_before = 0.0

    def watch(self, stopped: socket.socket, ready: str) -> None:
        """Keep so many workers, until we are stopped. Raises SettingsError if one of the first does not start."""
        try:
            while True:
                pause = self._complete()
                workers = [*self._starting, *self._serving]
                spoke = wait([stopped, *(worker.said for worker in workers)], pause)
                if stopped in spoke:
                    return
                for worker in workers:
                    if worker.said in spoke:
                        self._heard(worker)
                if not self._served and len(self._serving) == self._count:
                    self._served = True
                    typer.echo(ready)
        finally:
            self._stop()

    def _complete(self) -> float | None:
        """Start what is missing, unless one has just died; return for how many seconds that has to wait."""
        pause = self._not_before - time.monotonic()
        missing = self._count - len(self._starting) - len(self._serving)
        if pause > 0:
            return pause if missing else None
        self._starting += [self._start() for _ in range(missing)]
        return None

    def _start(self) -> _Worker:
        ours, theirs = _FORKS.Pipe(duplex=False)
        process = _FORKS.Process(target=_work, args=(*self._arguments, theirs), name="sso worker")
        try:
            process.start()
        except OSError as error:
            raise SettingsError(f"So many workers do not fit ({error.strerror}): choose fewer.") from None
        theirs.close()  # so that its end is heard
        return _Worker(process, ours)

    def _heard(self, worker: _Worker) -> None:
        try:
            worker.said.recv_bytes()
        except EOFError:
            self._ended(worker)
        else:
            self._starting.remove(worker)
            self._serving.append(worker)

    def _ended(self, worker: _Worker) -> None:
        worker.process.join()
        worker.said.close()
        (self._serving if worker in self._serving else self._starting).remove(worker)
        if not self._served:
            raise SettingsError("A worker did not start; what it said stands above.")
        _log.error("worker died", exit_code=worker.process.exitcode)
        self._not_before = time.monotonic() + _PAUSE_SECONDS

    def _stop(self) -> None:
        workers = [*self._starting, *self._serving]
        for worker in workers:
            worker.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS + 2
        for worker in workers:
            worker.process.join(max(0.1, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()


def _work(composition: Composition, listener: socket.socket, metrics: Path, parent: Connection) -> None:
    """Be a worker."""
    configure_logs()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        uvloop.run(serve(composition, listener, lambda: parent.send_bytes(b"ready"), metrics))
    except (SettingsError, ServiceError) as error:
        raise SystemExit(exit_code(error)) from None


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _stop_signals() -> Iterator[socket.socket]:
    """Give a socket that can be read once SIGINT or SIGTERM has come."""
    heard, signalled = socket.socketpair()
    signalled.settimeout(0)  # what `set_wakeup_fd` asks for
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    previous = signal.set_wakeup_fd(signalled.fileno())
    try:
        yield heard
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        heard.close()
        signalled.close()
