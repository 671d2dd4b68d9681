"""From a BSN to a pseudoniem."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from common.audit.catalogue import PSEUDONIEM_GIVEN, PSEUDONIEM_MADE
from common.audit.events import AuditLog
from common.audit.kinds import service_name
from common.clock import Clock
from identity.pseudoniem.digest import DigestKey
from identity.pseudoniem.versions import key_is_retired
from schemas.identifiers import Bsn, Pseudoniem


class PseudoniemStore(Protocol):
    async def find_many(self, digests: Collection[tuple[int, bytes]]) -> Mapping[tuple[int, bytes], Pseudoniem]:
        """Return the pseudoniemen of (version, digest), those that there are, in one query."""
        ...

    async def deciding(self) -> int:
        """Return the version that decides: the oldest that is not retired."""
        ...

    async def make(self, digests: Mapping[int, bytes], pseudoniem: Pseudoniem) -> Pseudoniem:
        """Keep `pseudoniem` for a BSN that has none, under all its digests; return the one it has then.

        Of many at once, one wins. Raises Unavailable if the version that decides is not among them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pseudoniemen:
    """Finds and makes pseudoniemen. `keys` are those that count, the oldest version first (`versions.recognised`)."""

    store: PseudoniemStore
    keys: Mapping[int, DigestKey]
    audit: AuditLog
    clock: Clock

    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already. No effect."""
        return (await self.find_many([bsn]))[0]

    async def find_many(self, bsns: Sequence[Bsn]) -> Sequence[Pseudoniem | None]:
        """Return the pseudoniem of each BSN, in the order asked. No effect.

        Raises Unavailable, also where the key of this process has been retired: then nobody unknown is really unknown.
        """
        digests = [self._digests(bsn) for bsn in bsns]
        rows = await self.store.find_many({pair for each in digests for pair in each.items()})
        found = [next((rows[pair] for pair in each.items() if pair in rows), None) for each in digests]
        if None in found and await self.store.deciding() not in self.keys:
            raise key_is_retired()
        return found

    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN: made on first sight, the same ever after, however many ask at once.

        Raises Unavailable, also where the key of this process has been retired.
        """
        return await self.find(bsn) or await self._make(self._digests(bsn), Pseudoniem(uuid.uuid4()))

    def _digests(self, bsn: Bsn) -> Mapping[int, bytes]:
        return {version: key.digest(bsn) for version, key in self.keys.items()}

    async def give(self, bsn: Bsn, service: str) -> Pseudoniem:
        """Return what `make` returns, to the service of ours that asked."""
        async with self.audit.unit_of_work():
            pseudoniem = await self.make(bsn)
            await self.audit.write(PSEUDONIEM_GIVEN(self.clock(), pseudoniem=pseudoniem, service=service_name(service)))
        return pseudoniem

    async def give_known(self, bsns: Sequence[Bsn], service: str) -> Sequence[Pseudoniem | None]:
        """Return what `find_many` returns, to the service of ours that asked."""
        found, now, name = await self.find_many(bsns), self.clock(), service_name(service)
        given = [pseudoniem for pseudoniem in found if pseudoniem is not None]
        await self.audit.write(*(PSEUDONIEM_GIVEN(now, pseudoniem=one, service=name) for one in given))
        return found

    async def _make(self, digests: Mapping[int, bytes], new: Pseudoniem) -> Pseudoniem:
        async with self.audit.unit_of_work():
            kept = await self.store.make(digests, new)
            if kept == new:  # else another was first, and has the event
                await self.audit.write(PSEUDONIEM_MADE(self.clock(), pseudoniem=kept))
        return kept
