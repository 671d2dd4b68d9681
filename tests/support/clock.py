"""A clock that tests set."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class SetClock:
    """Stands still at the real time of its making, until a test moves it."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        """Move by `seconds=…`, `minutes=…`, …; backwards if negative."""
        self.now += timedelta(**time)
