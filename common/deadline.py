"""How long whoever asked us still waits: what is asked of others on the way has no more time than that.

Each incoming request has a second (contract, section 2, "Faults"). A part that is slow takes from it once, however many
questions a request has for it.
"""

import time
from contextvars import ContextVar
from typing import Final

SECONDS: Final = 0.8
"""From the beginning of a request until the last question to another part is given up."""

LEAST: Final = 0.2
"""For a question that comes late in a request: what was slow until then may have been our own database."""

BEGAN: Final[ContextVar[float | None]] = ContextVar("request_began", default=None)
"""When the request began, on `time.monotonic`. Set by `common/http/context.py` alone."""


def seconds_left() -> float:
    """Return how long a question to another part may take now, in seconds."""
    began = BEGAN.get()
    if began is None:
        return SECONDS
    return max(LEAST, began + SECONDS - time.monotonic())
