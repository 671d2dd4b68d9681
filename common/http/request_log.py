"""The line of the log for each request: one JSON object as structlog would write it, without asking structlog how.

It is the line that is written most. It becomes text where it is written, many at a time and beside the work.
"""

from datetime import datetime
from typing import Final, NamedTuple

import structlog

from common.clock import wall_clock

_TO_MICROSECONDS: Final = len("2026-11-22T19:43:05.000000")


class _Answered(NamedTuple):
    """A request that was answered. Nothing in it needs escaping: a known method, our template, hexadecimal digits."""

    method: str
    route: str
    status: int
    seconds: float
    request_id: str
    moment: datetime

    def __str__(self) -> str:
        moment = self.moment.isoformat(timespec="microseconds")[:_TO_MICROSECONDS]
        return (
            f'{{"method": "{self.method}", "route": "{self.route}", "status": {self.status}, '
            f'"milliseconds": {self.seconds * 1000:.1f}, "request_id": "{self.request_id}", '
            f'"event": "request", "level": "info", "timestamp": "{moment}Z"}}'
        )


class _Lines(structlog.BoundLoggerBase):
    def line(self, line: object) -> None:
        """Write a line as it is, to wherever structlog is told to write."""
        self._logger.msg(line)


_log: Final = structlog.wrap_logger(None, wrapper_class=_Lines)


def request_answered(method: str, route: str, status: int, seconds: float, request_id: str) -> None:
    """Write the line."""
    _log.bind().line(_Answered(method, route, status, seconds, request_id, wall_clock()))
