"""The log, as production writes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import structlog

from services.logs import configure_logs


@contextmanager
def log_of() -> Iterator[StringIO]:
    """Give the text of the log, written as in production."""
    before = structlog.get_config()
    text = StringIO()
    configure_logs()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(text), cache_logger_on_first_use=False)
    try:
        yield text
    finally:
        structlog.configure(**before)
