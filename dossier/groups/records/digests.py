"""The keyed digests by which a group dossier is found: of the words of its names, and of its external identifier.

A word's digest is the company's own, an external identifier's the group's own: nobody can tell from the table that two
companies know a person of the same name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dossier.groups.model import GroupDossier
from dossier.groups.records.words import searched_words
from keys.sealing import Sealer
from schemas.identifiers import CompanyId, GroupId

_WORD: Final = "group_dossier_words.digest"
_IDENTIFIER: Final = "group_dossiers.identifier_digest"


@dataclass(frozen=True, slots=True)
class Digests:
    """Makes them with one sealer: one to keep, and while the sealing key is being changed two to find by."""

    sealer: Sealer

    def of_words(self, dossier: GroupDossier) -> Sequence[bytes]:
        """Return the digest of each word of a dossier's names, to be kept."""
        words = searched_words(dossier.person.firstname, dossier.person.lastname)
        return [self.sealer.digest(_WORD, str(dossier.company_id), word) for word in sorted(words)]

    def of_identifier(self, dossier: GroupDossier) -> bytes | None:
        """Return the digest of a dossier's external identifier, to be kept; None if it has none."""
        name = dossier.external_identifier
        return None if name is None else self.sealer.digest(_IDENTIFIER, str(dossier.group_id), name)

    def to_find_word(self, company_id: CompanyId, word: str) -> Sequence[bytes]:
        """Return the digests under which a word may be kept."""
        return self.sealer.digests(_WORD, str(company_id), word)

    def to_find_identifier(self, group_id: GroupId, external_identifier: str) -> Sequence[bytes]:
        """Return the digests under which an external identifier may be kept."""
        return self.sealer.digests(_IDENTIFIER, str(group_id), external_identifier)
