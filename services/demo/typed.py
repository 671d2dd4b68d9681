"""What a visitor of the demo typed, without the BSN, in whichever field it was typed: it is in no response."""

from collections.abc import Mapping

from schemas.base import Rules
from schemas.identifiers import Bsn


def without_bsns(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that can be shown again."""
    return {name: value for name, value in fields.items() if name != "bsn" and not is_bsn(value)}


def is_bsn(text: str) -> bool:
    """Return whether a text has the form of a BSN; the demo's examples need not pass the 11-test."""
    try:
        Bsn(text.strip(), Rules(eleven_test=False))
    except ValueError:
        return False
    return True
