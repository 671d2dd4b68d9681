"""A group, the dossiers in it, and what is asked of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID, uuid4

from dossier.access import Reach
from schemas.groups import Person
from schemas.identifiers import CompanyId, GroupDossierId, GroupId, Pseudoniem

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RANDOM: Final = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class Group:
    """A company's name for some of its dossiers. Two may have the same."""

    group_id: GroupId
    company_id: CompanyId
    name: str


@dataclass(frozen=True, slots=True)
class GroupDossier:
    """A company's record on a person; linked to a patient if the BSN was given.

    `external_identifier` is the company's own name for it, unique within the group.
    """

    dossier_id: GroupDossierId
    group_id: GroupId
    company_id: CompanyId
    pseudoniem: Pseudoniem | None
    external_identifier: str | None
    person: Person


@dataclass(frozen=True, slots=True)
class Asked:
    """Which dossiers are looked for: all of a group or of the company, with all of these words in their names."""

    group_id: GroupId | None = None
    words: frozenset[str] = frozenset()
    external_identifier: str | None = None

    @property
    def is_search(self) -> bool:
        """Return whether anything but the group is asked for."""
        return bool(self.words) or self.external_identifier is not None


class GroupStore(Protocol):
    async def add(self, group: Group) -> None:
        """Keep a group."""
        ...

    async def find(self, group_id: GroupId) -> Group | None:
        """Return a group, whoever's it is."""
        ...

    async def page(self, within: Reach, after: UUID | None, limit: int) -> Sequence[Group]:
        """Return at most `limit` groups of those within reach, the oldest first, from behind an id on."""
        ...

    async def has_foreign_key(self) -> bool:
        """Return whether a group was sealed with a key that is not there."""
        ...


class GroupDossierStore(Protocol):
    async def is_taken(self, group_id: GroupId, external_identifier: str) -> bool:
        """Return whether the group has a dossier of this external identifier."""
        ...

    async def add(self, dossier: GroupDossier) -> bool:
        """Keep a dossier; return False, and keep none, if the group has one of this external identifier."""
        ...

    async def page(self, within: Reach, asked: Asked, after: UUID | None, limit: int) -> Sequence[GroupDossier]:
        """Return at most `limit` of the dossiers that are asked for and within reach, from behind an id on.

        The oldest comes first. Whatever is added meanwhile, none that was there is passed over or comes twice.
        """
        ...


def new_id(now: datetime) -> UUID:
    """Return an id that sorts behind those of before: a UUID of version 7, to the microsecond (RFC 9562 6.2, method 3).

    So one column is the key, the order of lists and the place where a page ends.
    """
    since = now - _EPOCH
    milliseconds = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    fraction = (since.microseconds % 1000) * 4096 // 1000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | uuid4().int & _RANDOM)
