"""What a choice will do, in words: one text for the page and for what is kept."""

import re
from html import unescape

import pytest

from dossier.model import Choice
from schemas.bodies import Permission
from website.language import Language
from website.offers import CHOICES, Act, in_one_line, offers

NAMES = ["De Linde", "Zorg & Co <b>100%</b>", "%(company)s %s %", "{{ company }}", "\u202eמרפאה", "a\nb"]
EVERYTHING = [(permission, language) for permission in Permission for language in Language]


@pytest.mark.parametrize(("permission", "language"), EVERYTHING)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_what_the_page_says(permission: Permission, language: Language, name: str) -> None:
    for offer in offers(permission, language, name):
        assert unescape(re.sub(r"</?bdi>", "", offer.markup)) == offer.shown.text
        assert offer.shown.language == language
        assert f"“{in_one_line(name)}”" in offer.shown.text


def test_nothing_is_offered_that_is_chosen_already_and_everything_else_is() -> None:
    found = {
        permission: [offer.act for offer in offers(permission, Language.ENGLISH, "De Linde")]
        for permission in Permission
    }
    assert found == {
        Permission.PENDING: [Act.APPROVE, Act.DECLINE],
        Permission.APPROVED: [Act.WITHDRAW],
        Permission.DECLINED: [Act.APPROVE],
    }
    assert CHOICES[Act.WITHDRAW] is CHOICES[Act.DECLINE] is Choice.DECLINED


def test_a_text_is_told_from_every_other_by_its_digest() -> None:
    shown = {
        (offer.digest, offer.shown)
        for permission, language in EVERYTHING
        for name in NAMES
        for offer in offers(permission, language, name)
    }
    assert len({digest for digest, _ in shown}) == len(shown) == len(Act) * len(Language) * len(NAMES)


def test_withdrawing_says_that_what_was_shared_stays() -> None:
    ((english,), (dutch,)) = (offers(Permission.APPROVED, language, "De Linde") for language in Language)
    assert "What was shared before stays with those who have it." in english.shown.text
    assert "Wat al gedeeld is, blijft bij wie het heeft." in dutch.shown.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("De Linde", "De Linde"),
        ("\u202eneilO eD\u202c", "neilO eD"),
        ("De\u2066 Linde\u2069\u200b", "De Linde"),
        ("De Linde” may not share. “Nobody", "De Linde may not share. Nobody"),
        ("De\r\nLinde\u2028\u2029\t!", "De Linde !"),
        ("מרפאה", "מרפאה"),
    ],
)
def test_a_name_does_not_rewrite_the_sentence_that_it_stands_in(name: str, shown: str) -> None:
    assert in_one_line(name) == shown
