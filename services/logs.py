"""Logs: one JSON line per event on standard error, with names and figures and never what a caller sent."""

import atexit
import logging
import sys

import structlog

from services.log_writer import LogWriter


def configure_logs() -> None:
    """Send our events and those of the libraries (warnings and worse) to standard error, without waiting for it."""
    writer = LogWriter(sys.stderr)
    atexit.register(writer.close)
    logging.basicConfig(stream=writer, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: writer,
        cache_logger_on_first_use=True,
    )
