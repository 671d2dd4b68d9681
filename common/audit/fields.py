"""The fields that events can have, and how an event of the catalogue is made from their names."""

from typing import Final

from common.audit.events import EventType, Level, Outcome
from common.audit.kinds import ANSWER, COUNT, DIGEST, IDENTIFIER, SERVICE, THUMBPRINT, Kind, words
from common.audit.words import (
    ADMISSIONS,
    CAUSES,
    CHOICES,
    CLAIMS,
    GROUNDS,
    LANGUAGES,
    PURPOSES,
    ROLES,
    RULES,
    STATUSES,
    WITHHELD,
)

KINDS: Final = {
    "company_id": IDENTIFIER,
    "pseudoniem": IDENTIFIER,
    "launch_id": IDENTIFIER,
    "account_id": IDENTIFIER,
    "relationship_id": IDENTIFIER,
    "dossier_id": IDENTIFIER,
    "group_id": IDENTIFIER,
    "group_dossier_id": IDENTIFIER,
    "secret_id": IDENTIFIER,
    "replays": IDENTIFIER,
    "kid": THUMBPRINT,
    "jti": DIGEST,
    "cause": words(*CAUSES),
    "claim": words(*CLAIMS),
    "rule": words(*RULES),
    "role": words(*ROLES),
    "purpose": words(*PURPOSES),
    "admission": words(*ADMISSIONS),
    "status": words(*STATUSES),
    "choice": words(*CHOICES),
    "language": words(*LANGUAGES),
    "because": words(*WITHHELD),
    "ground": words(*GROUNDS),
    "service": SERVICE,
    "count": COUNT,
    "new": ANSWER,
    "accepted": ANSWER,
    "by_operator": ANSWER,
}
"""The fields of all events: a name means the same in each. `pseudoniem` is the inner one, `jti` a digest of it."""


def _fields(names: str) -> dict[str, Kind]:
    return {name: KINDS[name] for name in names.split()}


def yes(name: str, meaning: str, fields: str, level: Level = Level.INFO) -> EventType:
    """Return the event of a decision for somebody; `fields` are names of KINDS, with spaces between."""
    return EventType(name, Outcome.YES, level, meaning, _fields(fields))


def no(name: str, meaning: str, fields: str, level: Level = Level.NOTICE) -> EventType:
    """Return the event of a decision against somebody; as `yes`."""
    return EventType(name, Outcome.NO, level, meaning, _fields(fields))
