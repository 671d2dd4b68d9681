"""Every operation, by area, in the order in which a newcomer meets them."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.openapi.areas import companies, dossiers, launches, professionals, pseudoniemen, running, secrets, tokens
from services.openapi.operation import Operation

AREAS: Final[Mapping[str, Sequence[Operation]]] = {
    "Companies and their keys": [*companies.OPERATIONS, *secrets.OPERATIONS],
    "Tokens": tokens.OPERATIONS,
    "Launches": launches.OPERATIONS,
    "Professionals and treatment relationships": professionals.OPERATIONS,
    "Dossiers and permissions": dossiers.OPERATIONS,
    "Pseudoniemen": pseudoniemen.OPERATIONS,
    "Running it": running.OPERATIONS,
}
