"""The identity service: as dossier and the website see it, and what it answers them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.errors import NotAuthenticated
from common.http.answer import json_answer
from common.http.body import json_object
from common.http.routing import Resource
from identity.companies.service import Companies
from identity.companies.tokens import CompanyTokens
from identity.patients.sessions import PatientSessions
from schemas.base import Rules
from schemas.callers import InternalAccess
from schemas.facts import SignedInPatient, Standing
from schemas.identifiers import CompanyId, LaunchId, Pseudoniem
from services.peers import bodies
from services.peers.callers import require_service
from services.peers.client import Peer
from sso.launch.flow import launch_ended
from sso.verifier.access import Launches

_STANDING, _NAMES = "/internal/tokens/standing", "/internal/companies/names"
_LAUNCH, _SESSION, _SIGN_OUT = "/internal/launches/patient", "/internal/patients/session", "/internal/patients/sign-out"
_SIGN_IN, _FAILED = "/internal/patients/sign-in", "/internal/patients/failed-sign-in"


@dataclass(frozen=True, slots=True)
class PeerCompanies:
    """`Companies` of the verifier of access tokens and of the patient's site."""

    peer: Peer

    async def standing(self, company_id: CompanyId, jti: str, issued_at: int) -> Standing:
        """Return whether the company is active, and has not revoked this token, or a secret since.

        Raises Unavailable.
        """
        asked = bodies.OfToken(company_id=company_id, jti=jti, iat=issued_at)
        return bodies.TokenStanding.of(await self.peer.ask(_STANDING, asked.wire(), safe=True)).standing

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        """Return the names of companies. Raises Unavailable."""
        names: dict[CompanyId, str] = {}
        for part in _parts(list(company_ids)):
            asked = bodies.OfCompanies(company_ids=list(part))
            found = bodies.CompanyNames.of(await self.peer.ask(_NAMES, asked.wire(), safe=True))
            names |= {CompanyId(company_id): name for company_id, name in found.names.items()}
        return names


@dataclass(frozen=True, slots=True)
class PeerLaunches:
    """`Launches` of the verifier of access tokens."""

    peer: Peer

    async def patient_of(self, launch_id: LaunchId) -> Pseudoniem | None:
        """Return the patient of a launch. Raises NotAuthenticated for one that has ended, or Unavailable."""
        asked = bodies.OfLaunch(launch_id=launch_id)
        found = bodies.PatientOfLaunch.of(await self.peer.ask(_LAUNCH, asked.wire(), safe=True))
        if found.ended:
            raise launch_ended()
        return Pseudoniem(found.pseudoniem) if found.pseudoniem else None


@dataclass(frozen=True, slots=True)
class PeerPatientSessions:
    """`Sessions` of the patient's site, and of the sign-in."""

    peer: Peer

    async def open(self, pseudoniem: Pseudoniem, name: str, previous: str | None) -> str:
        """Return the token of a new session. Raises Unavailable; it is not asked twice, as each makes one."""
        asked = bodies.SignIn(pseudoniem=pseudoniem, name=name, previous=previous)
        return bodies.NewSession.of(await self.peer.ask(_SIGN_IN, asked.wire(), safe=False)).token

    async def refused(self, cause: str) -> None:
        """Keep that a sign-in failed, and why. Raises Unavailable."""
        await self.peer.ask(_FAILED, bodies.FailedSignIn(cause=cause).wire(), safe=False)

    async def find(self, token: str | None) -> SignedInPatient | None:
        """Return who is signed in with a cookie's token, as seen now. Raises Unavailable."""
        if token is None:
            return None
        found = bodies.SignedIn.of(await self.peer.ask(_SESSION, bodies.OfSession(token=token).wire(), safe=True))
        if found.pseudoniem is None or found.name is None:
            return None
        return SignedInPatient(Pseudoniem(found.pseudoniem), found.name)

    async def close(self, token: str) -> None:
        """End the session of a cookie's token. Raises Unavailable."""
        await self.peer.ask(_SIGN_OUT, bodies.OfSession(token=token).wire(), safe=True)


@dataclass(frozen=True, slots=True)
class IdentityAnswers:
    """What the identity service answers our other services."""

    companies: Companies
    tokens: CompanyTokens
    launches: Launches
    sessions: PatientSessions
    access: InternalAccess

    def routes(self) -> list[Resource]:
        """Return the routes of these answers."""
        return [
            Resource(_STANDING, POST=self.standing),
            Resource(_NAMES, POST=self.names),
            Resource(_LAUNCH, POST=self.patient_of_launch),
            Resource(_SESSION, POST=self.session),
            Resource(_SIGN_OUT, POST=self.sign_out),
            Resource(_SIGN_IN, POST=self.sign_in),
            Resource(_FAILED, POST=self.failed_sign_in),
        ]

    async def standing(self, request: Request) -> Response:
        """Answer `standing`."""
        await require_service(self.access, request, "dossier")
        asked = bodies.OfToken.parse(await json_object(request), Rules())
        standing = await self.tokens.standing(CompanyId(asked.company_id), asked.jti, asked.iat)
        return json_answer(bodies.TokenStanding(standing=standing))

    async def names(self, request: Request) -> Response:
        """Answer `names`."""
        await require_service(self.access, request, "website")
        asked = bodies.OfCompanies.parse(await json_object(request), Rules())
        names = await self.companies.names([CompanyId(company_id) for company_id in asked.company_ids])
        return json_answer(bodies.CompanyNames(names=dict(names)))

    async def patient_of_launch(self, request: Request) -> Response:
        """Answer `patient_of`."""
        await require_service(self.access, request, "dossier")
        asked = bodies.OfLaunch.parse(await json_object(request), Rules())
        try:
            found = await self.launches.patient_of(LaunchId(asked.launch_id))
        except NotAuthenticated:  # of the launch, not of the service that asks
            return json_answer(bodies.PatientOfLaunch(pseudoniem=None, ended=True))
        return json_answer(bodies.PatientOfLaunch(pseudoniem=found))

    async def session(self, request: Request) -> Response:
        """Answer `find` of a patient's session."""
        asked = await self._of_session(request)
        session = await self.sessions.find(asked.token)
        pseudoniem, name = (session.pseudoniem, session.name) if session else (None, None)
        return json_answer(bodies.SignedIn(pseudoniem=pseudoniem, name=name))

    async def sign_out(self, request: Request) -> Response:
        """Carry out `close` of a patient's session."""
        await self.sessions.close((await self._of_session(request)).token)
        return Response(status_code=204)

    async def sign_in(self, request: Request) -> Response:
        """Carry out `open` of a patient's session."""
        await require_service(self.access, request, "website")
        asked = bodies.SignIn.parse(await json_object(request), Rules())
        token = await self.sessions.open(Pseudoniem(asked.pseudoniem), asked.name, asked.previous)
        return json_answer(bodies.NewSession(token=token))

    async def failed_sign_in(self, request: Request) -> Response:
        """Carry out `refused` of a patient's sign-in."""
        await require_service(self.access, request, "website")
        await self.sessions.refused(bodies.FailedSignIn.parse(await json_object(request), Rules()).cause)
        return Response(status_code=204)

    async def _of_session(self, request: Request) -> bodies.OfSession:
        await require_service(self.access, request, "website")
        return bodies.OfSession.parse(await json_object(request), Rules())


def _parts(company_ids: Sequence[CompanyId]) -> Iterator[Sequence[CompanyId]]:
    for start in range(0, len(company_ids), bodies.MAX_COMPANIES):
        yield company_ids[start : start + bodies.MAX_COMPANIES]
