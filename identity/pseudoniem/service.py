"""From a BSN to a pseudoniem."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from common.audit.catalogue import PSEUDONIEM_GIVEN, PSEUDONIEM_MADE
from common.audit.events import AuditLog
from common.audit.kinds import service_name
from common.clock import Clock
from common.errors import SettingsError
from identity.pseudoniem.digest import DigestKey
from schemas.identifiers import Bsn, Pseudoniem


class PseudoniemStore(Protocol):
    async def find(self, version: int, digest: bytes) -> Pseudoniem | None:
        """Return the pseudoniem of a digest."""
        ...

    async def find_many(self, version: int, digests: Collection[bytes]) -> Mapping[bytes, Pseudoniem]:
        """Return the pseudoniemen of digests, those that there are, in one query."""
        ...

    async def make(self, version: int, digest: bytes, pseudoniem: Pseudoniem) -> Pseudoniem:
        """Keep `pseudoniem` for a digest that has none; return the one it has then. Of many at once, one wins."""
        ...

    async def check_value(self, version: int, value: bytes) -> bytes:
        """Return the check value kept for a key version; `value` is kept if there was none."""
        ...


@dataclass(frozen=True, slots=True)
class Pseudoniemen:
    """Finds and makes pseudoniemen."""

    store: PseudoniemStore
    key: DigestKey
    audit: AuditLog
    clock: Clock

    async def require_right_key(self) -> None:
        """Raise SettingsError if the database belongs to another digest key.

        With another key every patient would quietly get a new pseudoniem, and nobody would find their dossier.
        """
        value = self.key.check_value()
        if await self.store.check_value(self.key.version, value) != value:
            raise SettingsError(
                "The digest key is not the one that this database was made with. Put back the key that belongs to it."
            )

    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already. No effect."""
        return await self.store.find(self.key.version, self.key.digest(bsn))

    async def find_many(self, bsns: Sequence[Bsn]) -> Sequence[Pseudoniem | None]:
        """Return the pseudoniem of each BSN, in the order asked. No effect."""
        digests = [self.key.digest(bsn) for bsn in bsns]
        found = await self.store.find_many(self.key.version, set(digests))
        return [found.get(digest) for digest in digests]

    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN: made on first sight, the same ever after, however many ask at once."""
        digest = self.key.digest(bsn)
        found = await self.store.find(self.key.version, digest)
        return found or await self._make(digest, Pseudoniem(uuid.uuid4()))

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

    async def _make(self, digest: bytes, new: Pseudoniem) -> Pseudoniem:
        async with self.audit.unit_of_work():
            kept = await self.store.make(self.key.version, digest, new)
            if kept == new:  # else another was first, and has the event
                await self.audit.write(PSEUDONIEM_MADE(self.clock(), pseudoniem=kept))
        return kept
