"""The form of a choice, as a page of ours sends it or somebody who knows no more than the contract."""

from typing import Annotated, Final

from pydantic import Field

from common.errors import Fault, InvalidInput
from dossier.model import Choice
from schemas.base import Schema
from website.language import Language

_MOST: Final = 2**31 - 1
"""Choices of one dossier."""


class ConsentForm(Schema):
    """A choice; a form without a CSRF token counts as one with a wrong token.

    A form of our pages says besides on what it was made: the number of the `latest` consent then (0 for none), the
    language in which the choice was `shown`, and the digest of that `text`. All of them, or none.
    """

    choice: Annotated[Choice, Field(strict=False)]
    csrf_token: str = ""
    latest: Annotated[int | None, Field(strict=False, ge=0, le=_MOST)] = None
    shown: Annotated[Language | None, Field(strict=False)] = None
    text: Annotated[str | None, Field(max_length=64)] = None

    def on_what(self) -> tuple[int, Language, str] | None:
        """Return on what the choice was made, None where the form does not say. Raises InvalidInput for a part."""
        if self.latest is not None and self.shown is not None and self.text is not None:
            return self.latest, self.shown, self.text
        given = {"latest": self.latest, "shown": self.shown, "text": self.text}
        if any(value is not None for value in given.values()):
            missing = [Fault(f"/{name}", "missing") for name, value in given.items() if value is None]
            raise InvalidInput("The form is not whole.", missing)
        return None
