"""From a refusal to what the audit says of it: its true cause, in words of ours.

The cause is the error's class, or the finer word that the code gave where the class leaves it open. A `private` text
is never looked at.
"""

import re
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from common.audit.events import AuditLog, EventType
from common.audit.kinds import known
from common.audit.words import CAUSES, CLAIMS, RULES
from common.errors import (
    ClaimRejected,
    InternalFault,
    InvalidInput,
    KeyRejected,
    MethodNotAllowed,
    RateLimited,
    ServiceError,
    TokenReplayed,
    TreatmentRelationshipUnknown,
    Unavailable,
)

E = TypeVar("E", bound=ServiceError)

_NO_DECISION = (Unavailable, InternalFault, MethodNotAllowed, InvalidInput)
_DECISIONS = (KeyRejected, TreatmentRelationshipUnknown)
"""Inputs that are refused for what they say of someone, and not for how they are written."""


def because(error: E, cause: str) -> E:
    """Return the error with a finer cause than its class, for the audit alone; one of `CAUSES`."""
    error.cause = cause
    return error


def audited(error: E) -> E:
    """Return the error, marked as one whose event has been written."""
    error.audited = True
    return error


def cause_of(error: ServiceError) -> str:
    """Return why, as one of `CAUSES`."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    return known(error.cause or name, CAUSES)


def is_decision(error: ServiceError) -> bool:
    """Return whether something was decided: what fails, or cannot be read, decides nothing."""
    return isinstance(error, _DECISIONS) or not isinstance(error, _NO_DECISION)


class refusals:  # noqa: N801 - used as `contextlib`'s are; made by its decorator it would cost every request more
    """Write an event for each refusal inside, in a transaction of its own, before it is answered.

    Put it round the unit of work: what that began has been undone by then. A limit is left to the counter, because a
    flood has to stay cheap. Raises what is raised inside, or Unavailable if the event cannot be kept.
    """

    def __init__(
        self, audit: AuditLog, event_type: EventType, at: datetime, **fields: UUID | bytes | str | None
    ) -> None:
        self._audit = audit
        self._type = event_type
        self._at = at
        self._fields = fields

    async def __aenter__(self) -> None:
        """Begin."""

    async def __aexit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """End; what was raised inside goes on."""
        if not isinstance(error, ServiceError) or not is_decision(error):
            return
        if isinstance(error, RateLimited) or error.audited:
            return
        known_fields = {name: value for name, value in self._fields.items() if name in self._type.fields}
        await self._audit.write(self._type(self._at, **why(error, self._type) | known_fields))
        audited(error)


def why(error: ServiceError, event_type: EventType) -> dict[str, object]:
    """Return the fields of this event that say why something was refused."""
    why: dict[str, object] = {"cause": cause_of(error)}
    match error:
        case ClaimRejected():
            why |= {"claim": known(error.claim, CLAIMS) if error.claim else None, "rule": known(error.rule, RULES)}
        case KeyRejected():
            why |= {"rule": known(error.reason, RULES)}
        case TokenReplayed():
            why |= {"replays": error.launch_id}
    return {name: value for name, value in why.items() if name in event_type.fields}
