"""The digest keys of the settings, and under which version the database knows each.

While the key is being changed there are two (ADR 0030). The oldest version that is not retired decides: under it every
process finds and makes pseudoniemen, whether or not it has the newer key, so no person ever gets two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from common.errors import SettingsError, Unavailable
from identity.pseudoniem.digest import DigestKey


@dataclass(frozen=True, slots=True)
class Version:
    """A digest key as the database knows it. A retired one decides nothing any more, and has no rows soon."""

    number: int
    check_value: bytes
    retired: bool


class VersionStore(Protocol):
    async def versions(self) -> Sequence[Version]:
        """Return every key version there ever was, the oldest first."""
        ...

    async def add_version(self, number: int, check_value: bytes) -> None:
        """Keep a new key version; nothing happens if another was first with this number."""
        ...


async def recognised(store: VersionStore, keys: Sequence[DigestKey]) -> Mapping[int, DigestKey]:
    """Return the keys that count, by version, the oldest first; a new one gets a version beside the one that decides.

    Raises SettingsError if the key that decides is not among them: with another key every patient would quietly get a
    new pseudoniem, and nobody would find their dossier.
    """
    known = await store.versions()
    if not known:
        await store.add_version(1, keys[0].check_value())
        known = await store.versions()
    counting = {version.check_value: version.number for version in known if not version.retired}
    values = [key.check_value() for key in keys]
    if min(counting.values()) not in {counting.get(value) for value in values}:
        raise SettingsError(
            "The digest key is not the one that this database was made with. Put back the key that belongs to it, "
            "in SSO_KEYS__DIGEST_FILE or in SSO_KEYS__OTHER_DIGEST_FILE."
        )
    ever = {version.check_value for version in known}
    for value in values:
        if value not in ever:
            await store.add_version(known[-1].number + 1, value)
            return await recognised(store, keys)
    by_version = {counting[value]: key for key, value in zip(keys, values, strict=True) if value in counting}
    return dict(sorted(by_version.items()))


def key_is_retired() -> Unavailable:
    """Return the refusal of a process that has a retired digest key alone."""
    return Unavailable("the register of pseudoniemen", private="the digest key of this process is retired")
