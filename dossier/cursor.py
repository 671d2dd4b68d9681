"""Where a list goes on: the place of the last dossier that was shown, as an opaque text."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from keys import base64url
from schemas.identifiers import DossierId

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BYTES: Final = 8
_UUID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a company's dossiers, which are ordered by these two."""

    created_at: datetime
    dossier_id: DossierId

    def __str__(self) -> str:
        """Return it as a caller gets it."""
        microseconds = (self.created_at - _EPOCH) // timedelta(microseconds=1)
        return base64url.encode(microseconds.to_bytes(_TIME_BYTES, "big") + self.dossier_id.bytes)


def parse_cursor(text: str) -> Cursor:
    """Return the place that a caller sent back. Raises ValueError for any text that is no cursor."""
    octets = base64url.decode(text)
    if len(octets) != _TIME_BYTES + _UUID_BYTES:
        raise ValueError("not as long as a cursor")
    try:
        created_at = _EPOCH + timedelta(microseconds=int.from_bytes(octets[:_TIME_BYTES], "big"))
    except OverflowError:
        raise ValueError("no time has this number") from None
    return Cursor(created_at, DossierId(UUID(bytes=octets[_TIME_BYTES:])))
