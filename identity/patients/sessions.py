"""The session of a patient on the website: 15 minutes idle, 2 hours in all."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from common.audit.catalogue import PATIENT_REFUSED, PATIENT_SIGNED_IN, PATIENT_SIGNED_OUT
from common.audit.events import AuditLog
from common.audit.kinds import known
from common.audit.words import CAUSES
from common.clock import Clock
from common.sessions import Limits, new_token, token_digest
from schemas.facts import SignedInPatient
from schemas.identifiers import Pseudoniem

LIMITS: Final = Limits(idle=timedelta(minutes=15), total=timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class PatientSession:
    """A signed-in patient. `name` is what the page greets with; `digest` is that of the cookie's token."""

    digest: bytes
    pseudoniem: Pseudoniem
    name: str
    opened_at: datetime
    seen_at: datetime


class PatientSessionStore(Protocol):
    async def open(self, session: PatientSession) -> None:
        """Keep a new session."""
        ...

    async def find(self, digest: bytes) -> PatientSession | None:
        """Return the session, alive or not."""
        ...

    async def touch(self, session: PatientSession) -> None:
        """Keep when it was seen last."""
        ...

    async def close(self, digest: bytes) -> None:
        """Forget a session; nothing happens if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class PatientSessions:
    """Opens, finds and closes the sessions of patients."""

    store: PatientSessionStore
    audit: AuditLog
    clock: Clock

    async def open(self, pseudoniem: Pseudoniem, name: str, previous: str | None) -> str:
        """Return the token of a new session; the one that the browser had until now is closed."""
        token, now = new_token(), self.clock()
        async with self.audit.unit_of_work():
            if previous is not None:
                await self.store.close(token_digest(previous))
            await self.store.open(PatientSession(token_digest(token), pseudoniem, name, now, now))
            await self.audit.write(PATIENT_SIGNED_IN(now, pseudoniem=pseudoniem))
        return token

    async def refused(self, cause: str) -> None:
        """Keep that a sign-in failed, and why (one of `CAUSES`); whose it would have been is not known."""
        await self.audit.write(PATIENT_REFUSED(self.clock(), cause=known(cause, CAUSES)))

    async def find(self, token: str | None) -> SignedInPatient | None:
        """Return who is signed in with a cookie's token, as seen now; None without a session that is alive."""
        now = self.clock()
        session = await self._alive(token_digest(token), now) if token is not None else None
        if session is None:
            return None
        await self.store.touch(replace(session, seen_at=now))
        return SignedInPatient(session.pseudoniem, session.name)

    async def close(self, token: str) -> None:
        """End the session of a cookie's token; nothing happens if there is none."""
        digest, now = token_digest(token), self.clock()
        session = await self._alive(digest, now)
        async with self.audit.unit_of_work():
            await self.store.close(digest)
            if session is not None:
                await self.audit.write(PATIENT_SIGNED_OUT(now, pseudoniem=session.pseudoniem))

    async def _alive(self, digest: bytes, now: datetime) -> PatientSession | None:
        session = await self.store.find(digest)
        return session if session and LIMITS.alive(session.opened_at, session.seen_at, now) else None
