"""The dossier service: as launches and the website see it, and what it answers them."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.errors import NotFound
from common.http.answer import json_answer
from common.http.body import json_object
from common.http.routing import Resource
from dossier.model import Choice, ChoiceOutcome, Chosen, Consent, Dossier, Seen, Shown
from dossier.service import Dossiers
from schemas.base import Rules
from schemas.bodies import LaunchDossier
from schemas.callers import InternalAccess
from schemas.identifiers import CompanyId, DossierId, Pseudoniem
from services.peers.bodies import (
    ConsentChoice,
    DossierAtLaunch,
    GivenConsent,
    HeldDossier,
    HeldDossiers,
    Kept,
    OfCompanyAndPatient,
    OfPseudoniem,
    OnWhat,
    ShownText,
)
from services.peers.callers import require_service
from services.peers.client import Peer

_AT_LAUNCH, _HELD, _CONSENTS = "/internal/dossiers/at-launch", "/internal/dossiers/held", "/internal/consents"


@dataclass(frozen=True, slots=True)
class PeerDossiers:
    """`Dossiers` of launches and of the patient's site."""

    peer: Peer

    async def for_launch(self, company_id: CompanyId, pseudoniem: Pseudoniem) -> LaunchDossier | None:
        """Return the company's dossier on a patient as a launch shows it. Raises Unavailable."""
        asked = OfCompanyAndPatient(company_id=company_id, pseudoniem=pseudoniem)
        found = DossierAtLaunch.of(await self.peer.ask(_AT_LAUNCH, asked.wire(), safe=True))
        if found.dossier_id is None or found.permission is None:
            return None
        return LaunchDossier(dossier_id=found.dossier_id, permission=found.permission)

    async def held_on(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        """Return all dossiers on a patient, for that patient. Raises Unavailable."""
        answer = await self.peer.ask(_HELD, OfPseudoniem(pseudoniem=pseudoniem).wire(), safe=True)
        return [_dossier(pseudoniem, held) for held in HeldDossiers.of(answer).items]

    async def choose(
        self, pseudoniem: Pseudoniem, dossier_id: DossierId, choice: Choice, seen: Seen | None = None
    ) -> ChoiceOutcome:
        """Keep the patient's choice, as `Dossiers.choose`.

        Raises NotFound, or Unavailable: then it may have been kept all the same.
        """
        chosen = ConsentChoice(pseudoniem=pseudoniem, dossier_id=dossier_id, choice=choice, seen=_on_what(seen))
        answer = Kept.of(await self.peer.ask(_CONSENTS, chosen.wire(), safe=False))
        if not answer.kept:
            raise NotFound("There is no such dossier.")
        return answer.outcome


@dataclass(frozen=True, slots=True)
class DossierAnswers:
    """What the dossier service answers our other services."""

    dossiers: Dossiers
    access: InternalAccess

    def routes(self) -> list[Resource]:
        """Return the routes of these answers."""
        return [
            Resource(_AT_LAUNCH, POST=self.at_launch),
            Resource(_HELD, POST=self.held),
            Resource(_CONSENTS, POST=self.choose),
        ]

    async def at_launch(self, request: Request) -> Response:
        """Answer `for_launch`."""
        await require_service(self.access, request, "identity")
        asked = OfCompanyAndPatient.parse(await json_object(request), Rules())
        found = await self.dossiers.for_launch(CompanyId(asked.company_id), Pseudoniem(asked.pseudoniem))
        answer = DossierAtLaunch(
            dossier_id=found.dossier_id if found else None, permission=found.permission if found else None
        )
        return json_answer(answer)

    async def held(self, request: Request) -> Response:
        """Answer `held_on`."""
        await require_service(self.access, request, "website")
        asked = OfPseudoniem.parse(await json_object(request), Rules())
        held = await self.dossiers.held_on(Pseudoniem(asked.pseudoniem))
        return json_answer(HeldDossiers(items=[_held(dossier) for dossier in held]))

    async def choose(self, request: Request) -> Response:
        """Carry out `choose`."""
        await require_service(self.access, request, "website")
        asked = ConsentChoice.parse(await json_object(request), Rules())
        patient, dossier_id = Pseudoniem(asked.pseudoniem), DossierId(asked.dossier_id)
        try:
            outcome = await self.dossiers.choose(patient, dossier_id, asked.choice, _seen(asked.seen))
        except NotFound:
            return json_answer(Kept(kept=False))
        return json_answer(Kept(kept=True, outcome=outcome))


def _on_what(seen: Seen | None) -> OnWhat | None:
    if seen is None:
        return None
    shown = ShownText.model_validate({"language": seen.shown.language, "text": seen.shown.text}) if seen.shown else None
    return OnWhat(latest=seen.latest, shown=shown)


def _seen(told: OnWhat | None) -> Seen | None:
    return Seen(told.latest, Shown(told.shown.language, told.shown.text) if told.shown else None) if told else None


def _held(dossier: Dossier) -> HeldDossier:
    return HeldDossier(
        dossier_id=dossier.dossier_id,
        company_id=dossier.company_id,
        created_at=dossier.created_at,
        consent=_given(dossier.consent, None) if dossier.consent else None,
        history=tuple(_given(one.consent, one.shown) for one in dossier.history),
    )


def _given(consent: Consent, shown: Shown | None) -> GivenConsent:
    return GivenConsent(
        choice=consent.choice,
        chosen_at=consent.chosen_at,
        number=consent.number,
        language=shown.language if shown else None,
        shown=shown.text if shown else None,
    )


def _dossier(pseudoniem: Pseudoniem, held: HeldDossier) -> Dossier:
    consent = _consent(pseudoniem, held.consent) if held.consent else None
    history = [
        Chosen(_consent(pseudoniem, one), Shown(one.language, one.shown) if one.language and one.shown else None)
        for one in held.history
    ]
    company_id = CompanyId(held.company_id)
    return Dossier(DossierId(held.dossier_id), company_id, pseudoniem, held.created_at, consent, tuple(history))


def _consent(pseudoniem: Pseudoniem, given: GivenConsent) -> Consent:
    return Consent(given.choice, given.chosen_at, pseudoniem, given.number)
