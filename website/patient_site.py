"""The patient's site: which companies hold a dossier on me, and which of them may share it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from common.errors import NotAuthenticated, NotFound, Unavailable
from common.http.body import form
from common.http.cookies import SessionCookie
from common.http.problems import headers_of, row_of
from common.http.routing import Resource
from common.request_id import REQUEST_ID
from common.sessions import csrf_token
from dossier.model import Choice, ChoiceOutcome, Dossier, Seen
from schemas.base import Rules
from schemas.facts import SignedInPatient
from schemas.identifiers import CompanyId, DossierId, Pseudoniem
from website.consent_form import ConsentForm
from website.held import HeldDossier, held_dossier
from website.language import Language, language_of
from website.origin import require_own_form, require_own_origin
from website.pages import Pages

COOKIE: Final = SessionCookie("__Host-sso-patient")

_CONFLICT: Final = 409

_log = structlog.get_logger("website")


class Sessions(Protocol):
    async def find(self, token: str | None) -> SignedInPatient | None:
        """Return who is signed in with a cookie's token, as seen now."""
        ...

    async def close(self, token: str) -> None:
        """End the session of a cookie's token."""
        ...


class Dossiers(Protocol):
    async def held_on(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        """Return all dossiers on a patient, with their history."""
        ...

    async def choose(
        self, pseudoniem: Pseudoniem, dossier_id: DossierId, choice: Choice, seen: Seen | None = None
    ) -> ChoiceOutcome:
        """Keep the patient's choice. Raises NotFound, also for a dossier on someone else."""
        ...


class Companies(Protocol):
    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        """Return the names of companies."""
        ...


class Notice(StrEnum):
    """Why nothing was kept: something else was chosen meanwhile, or the choice reads otherwise now."""

    OVERTAKEN = "overtaken"
    REWORDED = "reworded"


async def to_first_page(_request: Request) -> Response:
    """Go to the first page: what follows on signing out where there is nobody else to tell."""
    return RedirectResponse("/", 303)


@dataclass(frozen=True, slots=True)
class PatientSite:
    """The pages of a patient. `front` is what `/` shows who is not signed in, `origins` those of our own pages.

    `farewell` is what follows when a session has ended.
    """

    sessions: Sessions
    dossiers: Dossiers
    companies: Companies
    pages: Pages
    front: Callable[[Request], Awaitable[Response]]
    origins: Collection[str]
    farewell: Callable[[Request], Awaitable[Response]] = to_first_page

    def routes(self) -> list[Resource]:
        """Return the routes of these pages."""
        return [
            Resource("/", wire="page", GET=self.home),
            Resource("/consents/{dossierId}", wire="page", POST=self.choose),
            Resource("/sign-out", wire="page", POST=self.sign_out),
        ]

    async def home(self, request: Request) -> Response:
        """Show the patient who holds a dossier, and what was chosen; show others the front page."""
        token = COOKIE.read(request)
        patient = await self.sessions.find(token)
        if token is None or patient is None:
            return await self.front(request)
        return await self._show(request, token, patient)

    async def choose(self, request: Request) -> Response:
        """Keep a choice, and show the list again; or show it at once, with why nothing was kept."""
        token = COOKIE.read(request)
        patient = await self.sessions.find(token)
        if token is None or patient is None:
            raise NotAuthenticated("You are not signed in, or you have been away for a while. Sign in again.")
        require_own_origin(request, self.origins)
        sent = ConsentForm.parse(await form(request), Rules())
        require_own_form(token, sent.csrf_token)
        dossier_id, seen = _dossier_id(request), None
        if (on_what := sent.on_what()) is not None:
            latest, language, digest = on_what
            held = _of(dossier_id, await self._held_on(patient, language))
            offer = held.offer(latest, sent.choice) if held else None
            if offer is not None and offer.digest != digest:
                return await self._show(request, token, patient, (dossier_id, Notice.REWORDED))
            seen = Seen(latest, offer.shown if offer else None)
        try:
            outcome = await self.dossiers.choose(patient.pseudoniem, dossier_id, sent.choice, seen)
        except Unavailable as error:
            return self._unavailable(request, "not_sure.html", error)
        if outcome is ChoiceOutcome.OVERTAKEN:
            return await self._show(request, token, patient, (dossier_id, Notice.OVERTAKEN))
        return RedirectResponse("/", 303)

    async def sign_out(self, request: Request) -> Response:
        """End the session, if there is one. The browser forgets it also where it cannot be ended now."""
        require_own_origin(request, self.origins)
        token = COOKIE.read(request)
        try:
            if token is not None:
                await self.sessions.close(token)
            response = await self.farewell(request)
        except Unavailable as error:
            response = self._unavailable(request, "still_open.html", error)
        COOKIE.clear(response)
        return response

    async def _show(
        self,
        request: Request,
        token: str,
        patient: SignedInPatient,
        notice: tuple[DossierId, Notice] | None = None,
    ) -> Response:
        held = await self._held_on(patient, language_of(request))
        return self.pages.show(
            request,
            "patient.html",
            _CONFLICT if notice else 200,
            name=patient.name,
            held=held,
            csrf_token=csrf_token(token),
            notice=notice[1] if notice else None,
            about=_of(notice[0], held) if notice else None,
            whole=request.query_params.get("history") == "whole",
        )

    async def _held_on(self, patient: SignedInPatient, language: Language) -> list[HeldDossier]:
        dossiers = await self.dossiers.held_on(patient.pseudoniem)
        names = await self.companies.names({dossier.company_id for dossier in dossiers})
        return [held_dossier(dossier, names.get(dossier.company_id), language) for dossier in dossiers]

    def _unavailable(self, request: Request, template: str, error: Unavailable) -> Response:
        _log.info("refused", code=error.code, cause=error.private, request_id=REQUEST_ID.get())
        status, headers = row_of(type(error)).status, headers_of(error)
        return self.pages.show(request, template, status, headers=headers, reference=REQUEST_ID.get())


def _of(dossier_id: DossierId, held: Sequence[HeldDossier]) -> HeldDossier | None:
    return next((one for one in held if one.dossier.dossier_id == dossier_id), None)


def _dossier_id(request: Request) -> DossierId:
    try:
        return DossierId(UUID(request.path_params["dossierId"]))
    except ValueError:
        raise NotFound("There is no such dossier.") from None
