"""The pages: to the provider, back from it, and out at both ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from common.audit.refusals import audited, because, cause_of
from common.clock import Clock
from common.errors import NotFound, SignInFailed, Unavailable
from common.http.address import client_address
from common.http.query import parameters
from common.http.routing import Resource
from common.limits import Counted, Limits
from schemas.identifiers import Bsn, Pseudoniem
from services.openid.attempt import COOKIE as ATTEMPT
from services.openid.attempt import SPENT, Attempt
from services.openid.claims import Vouched, failed
from services.openid.provider import Provider, unavailable
from sso.verifier.replay import ReplayGuard
from website.pages import Pages
from website.patient_site import COOKIE

MOST: Final = 9.0
"""Seconds for a callback, whoever it is that does not answer: before the gateway gives up, which waits for ten."""

_PROVIDERS_FAULT: Final = ("temporarily_unavailable", "server_error")
"""What says of a provider that it cannot, and not that it will not (RFC 6749 4.1.2.1)."""


class Pseudoniemen(Protocol):
    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN, made on first sight."""
        ...


class PatientSessions(Protocol):
    async def open(self, pseudoniem: Pseudoniem, name: str, previous: str | None) -> str:
        """Return the token of a new session; the one that the browser had until now is closed."""
        ...

    async def refused(self, cause: str) -> None:
        """Keep that a sign-in failed, and why."""
        ...


@dataclass(frozen=True, slots=True)
class OpenIdSignIn:
    """The sign-in with a provider. `guard` sees to it that what began once ends once; `most` is in seconds."""

    provider: Provider
    guard: ReplayGuard
    pseudoniemen: Pseudoniemen
    sessions: PatientSessions
    limits: Limits
    pages: Pages
    clock: Clock
    most: float = MOST

    def routes(self) -> list[Resource]:
        """Return the routes of these pages."""
        return [
            Resource("/sign-in", wire="page", GET=self.begin),
            Resource("/sign-in/callback", wire="page", GET=self.finish),
        ]

    async def front(self, request: Request) -> Response:
        """Show who is not signed in where to do so."""
        return self.pages.show(request, "signed_out.html", can_sign_in=True)

    async def farewell(self, request: Request) -> Response:
        """Send a patient whose session here has ended on to the provider, to end the one there.

        By a page and not by a redirect: that would belong to the form's submission, which the content security policy
        keeps here. Where the provider does not say where, the page tells the patient that the one there may be open.
        """
        try:
            place = await self.provider.sign_out_url()
        except Unavailable:
            place = None
        return self.pages.show(request, "signing_out.html", place=place)

    async def begin(self, _request: Request) -> Response:
        """Send the browser to the provider."""
        attempt = Attempt.begin(self.clock())
        response = RedirectResponse(await self.provider.authorization_url(attempt), 303)
        ATTEMPT.write(response, attempt.token)
        return response

    async def finish(self, request: Request) -> Response:
        """Sign the patient in for whom the provider vouches, in a new session."""
        async with self.limits.of_address(client_address(request), Counted.SIGN_INS):
            given = parameters(request)
            attempt = self._current(ATTEMPT.read(request), given.get("state", ""))
            async with self._in_time(), self._refusals():
                patient = await self.provider.exchange(await self._code(given), attempt)
                await self._spend(attempt)  # not before: what anybody makes up leaves no key behind
                token = await self._opened(patient, COOKIE.read(request))
        response = RedirectResponse("/", 303)
        ATTEMPT.clear(response)
        COOKIE.write(response, token)
        return response

    def _current(self, cookie: str | None, state: str) -> Attempt:
        attempt = Attempt(cookie or "")
        if not attempt.is_current(state, self.clock()):
            raise SignInFailed("This sign-in did not begin in this browser, or more than ten minutes ago.")
        return attempt

    async def _spend(self, attempt: Attempt) -> None:
        if not await self.guard.spend(attempt.spend_key, SPENT):
            raise because(SignInFailed("This sign-in has been used before."), "token_replayed")

    async def _code(self, given: dict[str, str]) -> str:
        """Return the code with which the provider answers (RFC 6749 4.1.2, RFC 9207 2.4). Raises Unavailable too."""
        named = given.get("iss")
        if named != self.provider.issuer and (named is not None or await self.provider.says_iss()):
            raise failed("untrusted_issuer")
        if given.get("error") in _PROVIDERS_FAULT:
            raise unavailable(given["error"])
        if "error" in given or not given.get("code"):
            error = SignInFailed("Your identity provider did not sign you in, or you stopped there.")
            raise because(error, "provider_refused")
        return given["code"]

    async def _opened(self, patient: Vouched, previous: str | None) -> str:
        """Return the token of the new session. The BSN goes no further."""
        pseudoniem = await self.pseudoniemen.make(patient.bsn)
        return await self.sessions.open(pseudoniem, patient.name, previous)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self.most):
                yield
        except TimeoutError:
            raise unavailable("the whole took too long") from None

    @asynccontextmanager
    async def _refusals(self) -> AsyncIterator[None]:
        try:
            yield
        except SignInFailed as error:
            await self.sessions.refused(cause_of(error))
            audited(error)
            raise


@dataclass(frozen=True, slots=True)
class NoSignIn:
    """What there is where no provider is in the settings."""

    pages: Pages

    def routes(self) -> list[Resource]:
        """Return the route of the page that says so."""
        return [Resource("/sign-in", wire="page", GET=self.begin)]

    async def front(self, request: Request) -> Response:
        """Say that patients cannot sign in yet."""
        return self.pages.show(request, "signed_out.html", can_sign_in=False)

    async def farewell(self, _request: Request) -> Response:
        """Show the first page."""
        return RedirectResponse("/", 303)

    async def begin(self, _request: Request) -> Response:
        """Say that there is no sign-in yet."""
        raise NotFound("Patients cannot sign in yet: no identity provider has been connected to this service.")
