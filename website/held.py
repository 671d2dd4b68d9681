"""A dossier as its patient sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dossier.model import Choice, Dossier
from dossier.permissions import permission_of
from schemas.bodies import Permission
from website.language import Language
from website.offers import Offer, offers
from website.translations import translatable, translations

_UNKNOWN: Final = translatable("Unknown company")


@dataclass(frozen=True, slots=True)
class HeldDossier:
    """A dossier as the patient sees it, with what can be done now."""

    dossier: Dossier
    company_name: str
    permission: Permission
    offers: Sequence[Offer]

    @property
    def latest(self) -> int:
        """Return the number of the latest consent, 0 for none."""
        return self.dossier.consent.number if self.dossier.consent else 0

    @property
    def before(self) -> Choice | None:
        """Return what was chosen before the latest consent, if it is known."""
        earlier = self.dossier.history[1:2]
        return earlier[0].consent.choice if earlier else None

    def offer(self, latest: int, choice: Choice) -> Offer | None:
        """Return what was offered with this consent as the latest one; None if it is that no more, or never was."""
        there = self.offers if latest == self.latest else ()
        return next((offer for offer in there if offer.choice is choice), None)


def held_dossier(dossier: Dossier, name: str | None, language: Language) -> HeldDossier:
    """Return a dossier as the patient sees it in this language; `name` is the company's, if it is known."""
    shown = name or translations(language, "website").gettext(_UNKNOWN)
    permission = permission_of(dossier)
    return HeldDossier(dossier, shown, permission, offers(permission, language, shown))
