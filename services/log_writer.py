"""Writing the log without waiting for whoever reads it: a slow reader costs lines, never answers."""

import queue
import threading
from typing import Final, TextIO

_LINES: Final = 10_000


class LogWriter:
    """A text stream in front of another one. Lines beyond a full queue are dropped, and counted in the log itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Take a line; never waits."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def flush(self) -> None:
        """Do nothing: the writer flushes by itself."""

    def close(self, seconds: float = 1.0) -> None:
        """Write what is there, for at most so many seconds."""
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _write(self) -> None:
        while (text := self._lines.get()) is not None:
            if self._dropped:
                text += f'{{"event": "log lines dropped", "lines": {self._dropped}}}\n'
                self._dropped = 0
            try:
                self._stream.write(text)
                self._stream.flush()
            except (OSError, ValueError):  # a full disk, a closed pipe: the next line may fare better
                self._dropped += 1
