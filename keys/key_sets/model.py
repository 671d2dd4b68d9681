"""A company's key set as it is kept, and the store of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keys.key_sets.choice import Known
from keys.key_sets.document import NamedKey, Skipped
from schemas.identifiers import CompanyId


@dataclass(frozen=True, slots=True)
class KeySet:
    """Where a company publishes its keys, and how reading it went.

    `attempt` goes up each time that somebody sets out to read it: whoever comes back later than another writes nothing.
    `fetched_at` is when it was last read well, `failure` the reason if that was not the last time.
    """

    company_id: CompanyId
    uri: str
    attempt: int
    fetched_at: datetime
    failure: str | None
    skipped: Sequence[Skipped]


@dataclass(frozen=True, slots=True)
class Change:
    """The thumbprints that are new in a set, and those that have left it."""

    added: Collection[str]
    dropped: Collection[str]


class KeySetStore(Protocol):
    async def find(self, company_id: CompanyId) -> KeySet | None:
        """Return a company's set."""
        ...

    async def put(self, company_id: CompanyId, uri: str, now: datetime, was: KeySet | None) -> KeySet | None:
        """Keep where a company publishes its keys, as the newest attempt; what it had published stays until `publish`.

        In the transaction that is open, and nobody else writes to the set until that ends. Returns None, and keeps
        nothing, if the set is no longer what it `was`: read, set or removed meanwhile.
        """
        ...

    async def remove(self, company_id: CompanyId) -> bool:
        """Forget a company's set, not the keys of it; return whether there was one."""
        ...

    async def due(self, now: datetime, most: int) -> Sequence[CompanyId]:
        """Return which active companies' sets are to be read again, those first that have waited longest."""
        ...

    async def claim(self, company_id: CompanyId, now: datetime, until: datetime) -> KeySet | None:
        """Return the set of an active company as the newest attempt if it is due.

        Then it is not due, for anybody, before `until`.
        """
        ...

    async def hold(self, claimed: KeySet) -> bool:
        """Return whether this is still the newest attempt, of an active company; it is until the transaction ends."""
        ...

    async def hasten(self, company_id: CompanyId, now: datetime, unless_since: datetime) -> None:
        """Have the company's set be due, if it has one that nobody has set out to read since then."""
        ...

    async def known(self, thumbprints: Collection[str]) -> Mapping[str, Known]:
        """Return what is kept of these keys."""
        ...

    async def publish(self, company_id: CompanyId, keys: Sequence[NamedKey], now: datetime) -> Change:
        """Have exactly these keys be the ones that the company publishes. Raises Unavailable if another took one."""
        ...

    async def free(self, company_id: CompanyId) -> None:
        """Forget the keys that the company published and that count no longer: they are nobody's. Revoked ones stay."""
        ...

    async def read(
        self, claimed: KeySet, failure: str | None, skipped: Sequence[Skipped], now: datetime, due: datetime
    ) -> None:
        """Keep how reading a set went, and when it is to be read again."""
        ...
