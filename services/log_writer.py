"""Writing the log without waiting for whoever reads it: a slow reader costs lines, never answers."""

import threading
from collections import deque
from typing import Final, TextIO

_LINES: Final = 10_000
_GATHER_SECONDS: Final = 0.1
"""How long lines gather before they are written: each time that the writer wakes, requests wait for it."""


class LogWriter:
    """A text stream in front of another one, and a logger for structlog whose lines become text when they are written.

    Lines beyond _LINES are dropped, and counted in the log itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: deque[object] = deque()
        self._dropped = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Take a line, with its end; never waits."""
        self.msg(text.removesuffix("\n"))

    def msg(self, line: object) -> None:
        """Take what is a line as text, without its end; never waits."""
        if len(self._lines) < _LINES:
            self._lines.append(line)
        else:
            self._dropped += 1

    debug = info = warning = error = critical = msg

    def flush(self) -> None:
        """Do nothing: the writer flushes by itself."""

    def close(self, seconds: float = 1.0) -> None:
        """Write what is there, for at most so many seconds."""
        self._ending.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        ending = False
        while not ending:
            ending = self._ending.wait(_GATHER_SECONDS)
            if self._lines or self._dropped:
                self._write([self._lines.popleft() for _ in range(len(self._lines))])

    def _write(self, lines: list[object]) -> None:
        dropped, self._dropped = self._dropped, 0
        if dropped:
            lines.append(f'{{"event": "log lines dropped", "lines": {dropped}}}')
        try:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
        except Exception:  # a full disk, a closed pipe, a line without text: the next may fare better
            self._dropped += dropped + len(lines) - bool(dropped)
