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
_IDENTIFIER: Final = "group_dossier_identifiers.digest"


@dataclass(frozen=True, slots=True)
class Digests:
    """Makes them with one sealer. While the sealing key is being changed there are two of each."""

    sealer: Sealer

    def of_words(self, dossier: GroupDossier) -> Sequence[bytes]:
        """Return the digest of each word of a dossier's names, to be kept."""
        words = searched_words(dossier.person.firstname, dossier.person.lastname)
        return [self.sealer.digest(_WORD, str(dossier.company_id), word) for word in sorted(words)]

    def of_identifier(self, dossier: GroupDossier) -> Sequence[bytes]:
        """Return all digests of a dossier's external identifier, to be kept; none if it has none.

        All of them: of two processes one may seal with the old key and one with the new, and a name is still unique.
        In one order for all: so neither waits for the other.
        """
        name = dossier.external_identifier
        return [] if name is None else sorted(self.to_find_identifier(dossier.group_id, name))

    def of_identifier_anew(self, dossier: GroupDossier) -> Sequence[bytes]:
        """Return the one digest of it that is kept once the sealing key has been changed."""
        name = dossier.external_identifier
        return [] if name is None else self.to_find_identifier(dossier.group_id, name)[:1]

    def to_find_word(self, company_id: CompanyId, word: str) -> Sequence[bytes]:
        """Return the digests under which a word may be kept."""
        return self.sealer.digests(_WORD, str(company_id), word)

    def to_find_identifier(self, group_id: GroupId, external_identifier: str) -> Sequence[bytes]:
        """Return the digests under which an external identifier may be kept."""
        return self.sealer.digests(_IDENTIFIER, str(group_id), external_identifier)
