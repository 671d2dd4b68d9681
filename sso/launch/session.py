"""The session of a launched browser: 30 minutes idle, 8 hours in all, one launch at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from common.sessions import Limits
from schemas.identifiers import LaunchId

LIMITS: Final = Limits(idle=timedelta(minutes=30), total=timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class PatientShown:
    """What the EHR told of the patient: shown on the launch page, kept sealed, and gone with the session."""

    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. `digest` is that of the cookie's token, which only the browser has."""

    digest: bytes
    launch_id: LaunchId
    patient: PatientShown
    opened_at: datetime
    seen_at: datetime

    @property
    def ends_at(self) -> datetime:
        """Return when it is over, however busy it is."""
        return self.opened_at + LIMITS.total

    def alive(self, now: datetime) -> bool:
        """Return whether it is still open."""
        return LIMITS.alive(self.opened_at, self.seen_at, now)

    def seen(self, now: datetime) -> "Session":
        """Return it as seen now."""
        return replace(self, seen_at=now)


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that launches: the token for its new session, and the one that it had until now."""

    token: str
    previous: str | None


class Sessions(Protocol):
    async def open(self, session: Session) -> None:
        """Keep a new session."""
        ...

    async def find(self, digest: bytes) -> Session | None:
        """Return the session, alive or not."""
        ...

    async def touch(self, session: Session) -> None:
        """Keep when it was seen last."""
        ...

    async def close(self, digest: bytes) -> None:
        """Forget a session and all that was kept with it; nothing happens if there is none."""
        ...
