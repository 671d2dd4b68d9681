"""What of a group dossier is sealed: one text with all that its company said."""

import json
from typing import Any

from dossier.groups.model import GroupDossier
from schemas.groups import Person


def record_of(dossier: GroupDossier) -> str:
    """Return the text to be sealed."""
    members = {"external_identifier": dossier.external_identifier, "person": dossier.person.wire()}
    return json.dumps(members)


def open_record(text: str) -> tuple[str | None, Person]:
    """Return the external identifier and the person that `record_of` wrote down."""
    members: dict[str, Any] = json.loads(text)
    return members["external_identifier"], Person.model_construct(**members["person"])  # it was checked at the door
