"""All owners in one process, each asking the others directly: what production in one process and the demo share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.errors import SettingsError
from common.http.routing import Resource
from common.key_files import read_key
from common.settings import Settings
from dossier.groups.service import Groups
from dossier.service import Dossiers
from identity.pseudoniem.digest import DigestKey
from identity.pseudoniem.service import Pseudoniemen
from keys.sealing import Sealer
from services.dossier_wiring import dossier_routes, wire_dossiers, wire_groups
from services.ground import Ground
from services.required import DIGEST_KEY
from services.wiring import (
    Identity,
    first_status,
    identity_routes,
    open_rings,
    pseudoniem_routes,
    read_sealer,
    sealing_keys,
    service_digests,
    wire_identity,
    wire_keeper,
    wire_pseudoniemen,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything. The digests are those of our own services' secrets, by name."""

    ground: Ground
    sealer: Sealer
    service_digests: Mapping[str, bytes]
    identity: Identity
    pseudoniemen: Pseudoniemen
    dossiers: Dossiers
    groups: Groups


async def wire_whole(ground: Ground, settings: Settings, own_digests: Mapping[str, bytes] | None = None) -> Whole:
    """Connect everything. `own_digests` are of services of the composition itself, beside those in the settings.

    Raises SettingsError if a key is missing, damaged or another database's, or Unavailable.
    """
    digest = read_key(DIGEST_KEY.of(settings))
    require_different([*sealing_keys(settings), digest])
    digests = {**service_digests(settings), **(own_digests or {})}
    sealer = read_sealer(settings)
    rings = await open_rings(wire_keeper(ground.databases, ground.clock, settings, sealer))
    pseudoniemen = await wire_pseudoniemen(ground, DigestKey(digest))
    dossiers = wire_dossiers(ground, pseudoniemen)
    identity = wire_identity(ground, rings, sealer, first_status(settings), pseudoniemen, dossiers)
    groups = await wire_groups(ground, sealer, pseudoniemen)
    return Whole(ground, sealer, digests, identity, pseudoniemen, dossiers, groups)


def require_different(keys: Sequence[bytes]) -> None:
    """Raise SettingsError if two of the keys are the same."""
    if len(set(keys)) < len(keys):
        raise SettingsError("Two of the sealing keys and the digest key are the same: make each with `sso keys init`.")


def api_routes(whole: Whole) -> list[Resource]:
    """Return the API of all owners."""
    ground, access = whole.ground, whole.identity.access
    return [
        *identity_routes(ground, whole.identity, whole.service_digests),
        *pseudoniem_routes(ground, whole.pseudoniemen, access.own),
        *dossier_routes(ground, whole.dossiers, whole.groups, access),
    ]
