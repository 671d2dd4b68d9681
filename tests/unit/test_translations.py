"""What the pages say is there in Dutch, all of it, and nothing else is."""

import pytest

from tests.support import sentences

OWN = {"website": set[str](), "services/demo": sentences.needed("website")}
"""What the pages of a folder need not bring along: the demo's extend those of the website."""


@pytest.mark.parametrize("folder", OWN)
def test_every_sentence_of_a_page_is_there_in_dutch(folder: str) -> None:
    there, needed = sentences.dutch(folder), sentences.needed(folder)
    assert sorted(needed - OWN[folder] - there.keys()) == []
    assert sorted(there.keys() - needed) == [], "nobody says this any more"


@pytest.mark.parametrize("folder", OWN)
def test_what_stands_in_a_sentence_for_something_else_stands_in_the_dutch_one_too(folder: str) -> None:
    for english, translated in sentences.dutch(folder).items():
        assert translated, english
        assert sorted(sentences.placeholders(english)) == sorted(sentences.placeholders(translated)), english
