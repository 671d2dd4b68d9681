"""What the pages say in Dutch: gettext catalogues, which stand beside the templates as `locale/nl/*.po` (ADR 0032).

The templates are in English, and their sentences are the keys. The files are read as they are: nothing is compiled.
"""

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from website.language import Language

DOMAIN: Final = "messages"


@cache
def translations(language: Language, *packages: str) -> NullTranslations:
    """Return the sentences of the catalogues of `packages` in a language; English are the sentences themselves."""
    if language is Language.ENGLISH:
        return NullTranslations()
    merged = Translations()
    for package in packages:
        for file in sorted(files(package).joinpath("locale", language).iterdir(), key=lambda file: file.name):
            with file.open("rb") as source:
                compiled = BytesIO()
                write_mo(compiled, read_po(source, locale=language, abort_invalid=True))
            compiled.seek(0)
            merged.merge(Translations(compiled))
    return merged


def translatable(sentence: str) -> str:
    """Return an English sentence as it is: this marks it as one that a template looks up with `_(…)`."""
    return sentence
