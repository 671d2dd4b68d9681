"""Which request is being answered, for what is written down of it; None where there is none, in a command say."""

from contextvars import ContextVar
from typing import Final

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""A UUID or 32 hexadecimal digits. Set by `common/http/context.py` alone."""
