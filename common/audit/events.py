"""An event: one decision, with the fields that its type allows and no other; and the log that takes it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from common.audit.kinds import Kept, Kind


class Outcome(StrEnum):
    YES = "yes"
    NO = "no"


class Level(StrEnum):
    """How much attention an event asks for (RFC 5424 6.2.1): everyday, worth knowing, worth looking into."""

    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class EventType:
    """A row of the catalogue. `fields` is the list of what an event of this type may say, `meaning` is for readers."""

    name: str
    outcome: Outcome
    level: Level
    meaning: str
    fields: Mapping[str, Kind]

    def __call__(self, at: datetime, **fields: object) -> "Event":
        """Return an event of this type; None leaves a field out.

        Raises TypeError for a field that is not on the list, TypeError or ValueError for a value that is not of its
        kind: both are wrong calls, which no text of a caller may bring about.
        """
        unknown = fields.keys() - self.fields.keys()
        if unknown:
            raise TypeError(f"{self.name} has no field {min(unknown)}")
        kept = {name: self.fields[name].encode(value) for name, value in fields.items() if value is not None}
        return Event(self, at, kept)


@dataclass(frozen=True, slots=True)
class Event:
    """One decision. Made by calling its EventType, which checks the fields."""

    type: EventType
    at: datetime
    fields: Mapping[str, Kept]


class AuditLog(Protocol):
    """The audit of one owner of tables."""

    def unit_of_work(self) -> AbstractAsyncContextManager[object]:
        """Begin a transaction that the owner's stores and `write` join: a decision and its event, both or neither."""
        ...

    async def write(self, *events: Event) -> None:
        """Keep these events, with one statement; in the transaction that is open, else in one of its own.

        Raises Unavailable: then nothing may be answered but that.
        """
        ...
