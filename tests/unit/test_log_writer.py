"""The log is written beside the work: it neither waits for its reader nor dies of a full disk."""

import errno
import io
import threading

from services.log_writer import LogWriter


class Stream(io.StringIO):
    """A stream that hangs until it is opened, and can fail once."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.open = threading.Event()
        self.fails = fails
        self.failed = threading.Event()

    def write(self, text: str) -> int:
        self.open.wait(10)
        if self.fails:
            self.fails = False
            self.failed.set()
            raise OSError(errno.ENOSPC, "full")
        return super().write(text)


def test_whoever_writes_does_not_wait_and_what_did_not_fit_is_counted() -> None:
    stream = Stream()
    writer = LogWriter(stream)
    for number in range(10_050):
        writer.write(f"line {number}\n")
    stream.open.set()
    writer.close(10)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "line 0"
    (dropped,) = [line for line in lines if "dropped" in line]
    kept = len(lines) - 1
    assert f'"lines": {10_050 - kept}' in dropped


def test_a_line_that_could_not_be_written_is_not_the_last() -> None:
    stream = Stream(fails=True)
    stream.open.set()
    writer = LogWriter(stream)
    writer.write("lost\n")
    assert stream.failed.wait(10)
    writer.write("kept\n")
    writer.close(10)
    assert stream.getvalue() == 'kept\n{"event": "log lines dropped", "lines": 1}\n'
