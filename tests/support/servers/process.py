"""A server as a child process: started, paused, killed and ended by its own process id."""

import atexit
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from tests.support.servers.loopback import free_port

STOP_SECONDS = 10.0


class ServerProcess(ABC):
    """A server with its own session, port, password and data folder.

    Start it from the main thread: its parent-death signal fires when the thread that started it ends.
    """

    end_signal = signal.SIGTERM
    start_seconds = 30.0
    user: int | None = None  # whom the process runs as, where not as ourselves

    def __init__(self, external_url: str | None) -> None:
        self.external_url = external_url
        self.port = free_port()
        self.password = secrets.token_urlsafe(24)
        self.folder = Path()  # made by start()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _command(self) -> list[str]:
        """The command line that runs the server in the foreground."""

    @abstractmethod
    def _ready(self) -> bool:
        """Whether the server answers."""

    def _prepare(self) -> None:  # noqa: B027 - most servers fill it themselves
        """Fill a new data folder."""

    @property
    def pid(self) -> int:
        """The id of the running process. Raises RuntimeError where it does not run or is not ours."""
        if self._process is None:
            raise RuntimeError("this server does not run, or somebody else started it")
        return self._process.pid

    def start(self) -> Self:
        """Start the server, with the data of its last run, and wait until it answers (at most `start_seconds`).

        Raises RuntimeError, with the end of the server's log, where it does not.
        """
        self.begin()
        self.wait_until_ready()
        return self

    def begin(self) -> None:
        """Start the server, with the data of its last run; it does not answer yet."""
        if self.external_url or self._process:
            return
        if self.folder == Path():
            self.folder = Path(tempfile.mkdtemp(prefix="sso-test-"))
            atexit.register(self.close)
            self._prepare()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
            )

    def stop(self) -> None:
        """End the server in good order; its data stay for the next start."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def ask_to_stop(self) -> None:
        """Tell the server to end in good order, without waiting for it."""
        if self._process is not None:
            self.resume()
            self._process.send_signal(self.end_signal)

    def ended(self) -> bool:
        """Return whether the process has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def wait(self) -> int:
        """Wait until the server has ended by itself (at most 10 seconds); return its exit code."""
        if self._process is None:
            raise RuntimeError("this server does not run")
        code = self._process.wait(STOP_SECONDS)
        self._process = None
        return code

    def kill(self) -> None:
        """End the server at once, without its knowing; what it wrote so far stays."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Freeze the server: its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server continue."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End the server and remove its data."""
        if self.external_url or self.folder == Path():
            return
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = Path()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _signal(self, number: signal.Signals) -> None:
        """Signal the server and its direct children, which may have left its session."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        family = [self.pid, *map(int, children.read_text().split() if children.exists() else [])]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait_until_ready(self) -> None:
        """Wait until a server that was begun answers (at most `start_seconds`). Raises RuntimeError as `start` does."""
        if self.external_url:
            return
        end = time.monotonic() + self.start_seconds
        while self._process and self._process.poll() is None and time.monotonic() < end:
            if self._ready():
                return
            time.sleep(0.01)
        if self._process and self._process.poll() is None:
            self.kill()
        self._process = None
        log = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{type(self).__name__} did not start:\n{log}")
