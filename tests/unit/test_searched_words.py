"""The words of a name as they are searched: complete words, whatever their case, spelling and diacritics."""

import unicodedata
from typing import Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.groups.records.words import searched_words

TEXTS = st.text(max_size=30)
Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS: tuple[Form, ...] = get_args(Form)
LETTERS = st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F)
WORDS = st.text(LETTERS, min_size=1, max_size=8)
SEPARATORS = st.sampled_from([" ", "-", "\t", "\n", "  ", "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\N{HYPHEN}", " - "])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("john doe", {"john", "doe"}),
        ("", set()),
        (" - ", set()),
        ("Zoë", {"zoe"}),
        ("ZOE\N{COMBINING DIAERESIS}", {"zoe"}),
        ("Anne-Marie", {"anne", "marie"}),
        ("van\N{NON-BREAKING HYPHEN}der\N{MINUS SIGN}Berg", {"van", "der", "berg"}),
        ("doe doe Doe", {"doe"}),
        ("Straße", {"strasse"}),
        ("Çelik Şahin", {"celik", "sahin"}),
        ("İpek", {"ipek"}),
        ("\N{LATIN SMALL LIGATURE FI}nn", {"finn"}),
        ("\N{FULLWIDTH LATIN SMALL LETTER J}ohn", {"john"}),
        ("jo\N{SOFT HYPHEN}hn\N{ZERO WIDTH JOINER}", {"john"}),
        ("d'Ancona", {"d'ancona"}),
        ("Ø", {"ø"}),
        ("王 小明", {"王", "小明"}),
    ],
)
def test_a_name_has_these_words(text: str, words: set[str]) -> None:
    assert searched_words(text) == words


def test_what_is_absent_has_no_words_and_both_names_have_theirs_together() -> None:
    assert searched_words(None, "Zoë", None, "van Dijk") == {"zoe", "van", "dijk"}


@given(text=TEXTS)
def test_the_words_of_a_name_are_their_own_words(text: str) -> None:
    """So what is shown of a dossier, searched again, finds it."""
    words = searched_words(text)
    assert searched_words(" ".join(words)) == words
    assert all(searched_words(word) == {word} for word in words)


@given(text=TEXTS, form=st.sampled_from(FORMS))
def test_the_spelling_of_a_character_does_not_count(text: str, form: Form) -> None:
    assert searched_words(unicodedata.normalize(form, text)) == searched_words(text)


@given(text=TEXTS)
def test_case_does_not_count(text: str) -> None:
    assert searched_words(text.casefold()) == searched_words(text)


@given(words=st.lists(WORDS, max_size=6), marks=st.lists(st.sampled_from("\u0300\u0301\u0308\u0327\u030c"), max_size=6))
def test_diacritics_do_not_count_on_either_side(words: list[str], marks: list[str]) -> None:
    marked = [word + mark for word, mark in zip(words, [*marks, *[""] * len(words)], strict=False)]
    assert searched_words(" ".join(marked)) == searched_words(" ".join(words))


@given(words=st.lists(WORDS, max_size=6), separator=SEPARATORS)
def test_words_end_at_white_space_and_hyphens_and_their_order_does_not_count(words: list[str], separator: str) -> None:
    assert searched_words(separator.join(words)) == searched_words(*reversed(words))
    assert len(searched_words(separator.join(words))) <= len(words)
