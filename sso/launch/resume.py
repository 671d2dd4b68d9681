"""Coming back to a launch, and leaving it, with the session cookie."""

from dataclasses import dataclass

from common.audit.catalogue import SESSION_LEFT, SESSION_REFUSED, SESSION_RESUMED
from common.audit.events import AuditLog
from common.audit.refusals import because, refusals
from common.clock import Clock
from common.errors import NotAuthenticated, OtherPatientOpen
from common.sessions import new_token, token_digest
from schemas.bodies import LaunchContext
from sso.launch.context import LaunchContexts
from sso.launch.flow import Launch, Launches
from sso.launch.session import PatientShown, Session, Sessions
from sso.verifier.trust import Companies


@dataclass(frozen=True, slots=True)
class OpenLaunch:
    """A launch that a browser has open: its context as it is now, and what the EHR told of the patient."""

    context: LaunchContext
    patient: PatientShown


@dataclass(frozen=True, slots=True)
class LaunchSessions:
    """Resumes and leaves launches."""

    clock: Clock
    audit: AuditLog
    sessions: Sessions
    launches: Launches
    companies: Companies
    contexts: LaunchContexts

    async def resume(self, token: str | None, launch_id: str | None = None) -> OpenLaunch:
        """Return the launch that the session has open.

        Raises NotAuthenticated without a session that is alive, OtherPatientOpen if `launch_id` names another launch
        than the one that is open.
        """
        session, launch = await self._open(token, launch_id)
        now, whose = self.clock(), {"company_id": launch.company_id, "launch_id": launch.launch_id}
        async with refusals(self.audit, SESSION_REFUSED, now, **whose):
            company = await self.companies.signer(launch.company_id)
            if company is None:
                raise because(_ended(), "company_not_active")
        context = await self.contexts.of(launch, company, now, until=session.ends_at)
        async with self.audit.unit_of_work():
            await self.sessions.touch(session.seen(now))
            await self.audit.write(
                SESSION_RESUMED(now, **whose, account_id=launch.account_id, pseudoniem=launch.pseudoniem)
            )
        return OpenLaunch(context, session.patient)

    async def leave(self, token: str | None, launch_id: str | None = None) -> None:
        """End the session. Raises as `resume` does."""
        session, launch = await self._open(token, launch_id)
        now, pseudoniem = self.clock(), launch.pseudoniem
        whose = {"company_id": launch.company_id, "launch_id": launch.launch_id, "pseudoniem": pseudoniem}
        async with self.audit.unit_of_work():
            await self.sessions.close(session.digest)
            await self.audit.write(SESSION_LEFT(now, **whose))

    async def require_open(self, token: str | None, launch_id: str | None) -> None:
        """Require a session that is alive, with this launch open if one is named. Raises as `resume` does."""
        await self._open(token, launch_id)

    async def require_no_other(self, token: str | None, launch_id: str) -> None:
        """Raise OtherPatientOpen if the browser has another launch open; nothing open is fine."""
        found = await self._find(token)
        if found is not None:
            _require_same(found[0], launch_id)

    async def begin(self, launch: Launch, token: str | None) -> str | None:
        """Return the token of a new session with this launch open; None if the browser has it open already."""
        if await self._find(token) is not None:
            return None
        if token is not None:
            await self.sessions.close(token_digest(token))
        new, now = new_token(), self.clock()
        await self.sessions.open(Session(token_digest(new), launch.launch_id, PatientShown(), now, now))
        return new

    async def _open(self, token: str | None, launch_id: str | None) -> tuple[Session, Launch]:
        alive = await self._alive(token)
        if alive is None:
            raise NotAuthenticated("There is no session, or it has ended. Start again from your EHR.")
        session, launch = alive
        whose = {"company_id": launch.company_id, "launch_id": launch.launch_id}
        async with refusals(self.audit, SESSION_REFUSED, self.clock(), **whose):
            if launch.ended:
                raise because(_ended(), "launch_ended")
        _require_same(session, launch_id)
        return session, launch

    async def _find(self, token: str | None) -> tuple[Session, Launch] | None:
        alive = await self._alive(token)
        return alive if alive is not None and not alive[1].ended else None

    async def _alive(self, token: str | None) -> tuple[Session, Launch] | None:
        """Return a session that is not over, whatever has become of its launch."""
        session = await self.sessions.find(token_digest(token)) if token is not None else None
        launch = await self.launches.find(session.launch_id) if session and session.alive(self.clock()) else None
        return (session, launch) if session is not None and launch is not None else None


def _ended() -> NotAuthenticated:
    return NotAuthenticated("This session has ended. Start again from your EHR.")


def _require_same(session: Session, launch_id: str | None) -> None:
    if launch_id is not None and launch_id != str(session.launch_id):
        raise OtherPatientOpen("After this page another launch was opened in this browser, perhaps of another patient.")
