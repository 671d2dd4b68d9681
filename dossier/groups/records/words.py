"""The words of a name as they are searched: decided from the text alone (contract, section 5, "Groups")."""

import unicodedata

from schemas.base import folded

_MINUS = "\N{MINUS SIGN}"


def searched_words(*texts: str | None) -> frozenset[str]:
    """Return the words of these texts, each in the one form in which words are compared.

    That is without case, with one spelling for each character, and without diacritics. Two words that are equal with
    the diacritics on either side left out are equal with those of both left out, and the other way round: so one form
    is enough. Words end at white space and hyphens of all kinds; what cannot be seen is no part of one.
    """
    return frozenset(word for text in texts if text for word in _bare(text).split())


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", folded(text))
    kept = "".join(_seen(character) for character in decomposed)
    return folded(kept)  # what stands alone now may have another spelling


def _seen(character: str) -> str:
    if character.isspace() or character == _MINUS:
        return " "
    if unicodedata.combining(character):
        return ""
    category = unicodedata.category(character)
    return " " if category == "Pd" else "" if category in {"Cc", "Cf"} else character
