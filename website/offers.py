"""What a patient can choose now, and what each choice will do, in words: for the page, and to be kept (ADR 0033)."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from markupsafe import Markup, escape

from dossier.model import Choice, Shown
from schemas.bodies import Permission
from website.language import Language
from website.translations import translatable, translations


class Act(StrEnum):
    """What the patient does. To decline and to withdraw are one choice; what they change is not the same."""

    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode's categories of control and format characters, and of what separates lines and paragraphs."""

CHOICES: Final = {Act.APPROVE: Choice.APPROVED, Act.DECLINE: Choice.DECLINED, Act.WITHDRAW: Choice.DECLINED}

_POSSIBLE: Final[Mapping[Permission, tuple[Act, ...]]] = {
    Permission.PENDING: (Act.APPROVE, Act.DECLINE),
    Permission.APPROVED: (Act.WITHDRAW,),
    Permission.DECLINED: (Act.APPROVE,),
}

_EFFECTS: Final[Mapping[Act, str]] = {
    Act.APPROVE: translatable(
        "If you approve: from that moment “%(company)s” may share your dossier with the professionals who treat you. "
        "You can withdraw your approval at any time."
    ),
    Act.DECLINE: translatable(
        "If you decline: “%(company)s” may not share your dossier. “%(company)s” keeps the dossier. "
        "You can still approve later."
    ),
    Act.WITHDRAW: translatable(
        "If you withdraw your approval: from that moment “%(company)s” may not share your dossier any more. "
        "What was shared before stays with those who have it. “%(company)s” keeps the dossier. "
        "You can approve again later."
    ),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that the patient can do now. `effect` says what it will do; `%(company)s` is the company's name."""

    act: Act
    language: Language
    effect: str
    company_name: str

    @property
    def choice(self) -> Choice:
        """Return the choice that this is."""
        return CHOICES[self.act]

    @property
    def shown(self) -> Shown:
        """Return the text as the patient reads it."""
        return Shown(self.language, self.effect % {"company": in_one_line(self.company_name)})

    @property
    def markup(self) -> Markup:
        """Return the same text for a page. The name runs in its own direction, whatever is in it."""
        return escape(self.effect) % {"company": Markup("<bdi>{}</bdi>").format(in_one_line(self.company_name))}

    @property
    def digest(self) -> str:
        """Return what the form brings back of the text: by it we see that the text is still the one that was read."""
        return sha256(f"{self.language}\n{self.shown.text}".encode()).hexdigest()


def in_one_line(name: str) -> str:
    """Return a name without what turns the direction of the text round it, and without line breaks and quotation marks.

    So it can be told from the sentence, which has it between quotation marks, and the sentence reads as it is kept.
    """
    plain = "".join(one if unicodedata.category(one) not in _UNSEEN else " " for one in name if one not in '“”"')
    return " ".join(plain.split())


def offers(permission: Permission, language: Language, company_name: str) -> tuple[Offer, ...]:
    """Return what can be done where this is the permission now: never what is chosen already."""
    said = translations(language, "website")
    return tuple(Offer(act, language, said.gettext(_EFFECTS[act]), company_name) for act in _POSSIBLE[permission])
