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
        session = await self.require_open(token, launch_id)
        launch, now = await self._launch(session), self.clock()
        whose = {"company_id": launch.company_id, "launch_id": launch.launch_id}
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
        session = await self.require_open(token, launch_id)
        launch, now = await self._launch(session), self.clock()
        whose = {"company_id": launch.company_id, "launch_id": launch.launch_id, "pseudoniem": launch.pseudoniem}
        async with self.audit.unit_of_work():
            await self.sessions.close(session.digest)
            await self.audit.write(SESSION_LEFT(now, **whose))

    async def require_open(self, token: str | None, launch_id: str | None) -> Session:
        """Return the session that is alive, with this launch open if one is named. Raises as `resume` does."""
        session = await self._find(token)
        if session is None:
            raise NotAuthenticated("There is no session, or it has ended. Start again from your EHR.")
        _require_same(session, launch_id)
        return session

    async def require_no_other(self, token: str | None, launch_id: str) -> None:
        """Raise OtherPatientOpen if the browser has another launch open; nothing open is fine."""
        session = await self._find(token)
        if session is not None:
            _require_same(session, launch_id)

    async def begin(self, launch: Launch, token: str | None) -> str | None:
        """Return the token of a new session with this launch open; None if the browser has it open already."""
        if await self._find(token) is not None:
            return None
        new, now = new_token(), self.clock()
        await self.sessions.open(Session(token_digest(new), launch.launch_id, PatientShown(), now, now))
        return new

    async def _launch(self, session: Session) -> Launch:
        launch = await self.launches.find(session.launch_id)
        if launch is None:
            raise _ended()
        return launch

    async def _find(self, token: str | None) -> Session | None:
        session = await self.sessions.find(token_digest(token)) if token is not None else None
        return session if session is not None and session.alive(self.clock()) else None


def _ended() -> NotAuthenticated:
    return NotAuthenticated("This session has ended. Start again from your EHR.")


def _require_same(session: Session, launch_id: str | None) -> None:
    if launch_id is not None and launch_id != str(session.launch_id):
        raise OtherPatientOpen("Another launch is open in this browser. Close this tab, or launch again.")
