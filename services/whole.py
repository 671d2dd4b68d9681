"""All owners in one process, each asking the others directly: what production in one process and the demo share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.errors import SettingsError
from common.http.routing import Resource
from common.settings import Settings
from dossier.service import Dossiers
from identity.pseudoniem.service import Pseudoniemen
from keys.sealing import Sealer
from services.api import dossier_routes, identity_routes, pseudoniem_routes
from services.ground import Ground
from services.wiring import (
    Identity,
    digest_keys,
    first_status,
    open_rings,
    read_digest_keys,
    read_sealer,
    sealing_keys,
    service_digests,
    wire_dossiers,
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


async def wire_whole(ground: Ground, settings: Settings, own_digests: Mapping[str, bytes] | None = None) -> Whole:
    """Connect everything. `own_digests` are of services of the composition itself, beside those in the settings.

    Raises SettingsError if a key is missing, damaged or another database's, or Unavailable.
    """
    require_different([*sealing_keys(settings), *digest_keys(settings)])
    digests = {**service_digests(settings), **(own_digests or {})}
    sealer = read_sealer(settings)
    rings = await open_rings(wire_keeper(ground.databases, ground.clock, settings, sealer))
    pseudoniemen = await wire_pseudoniemen(ground, read_digest_keys(settings))
    dossiers = wire_dossiers(ground, pseudoniemen)
    identity = wire_identity(ground, rings, sealer, first_status(settings), pseudoniemen, dossiers)
    return Whole(ground, sealer, digests, identity, pseudoniemen, dossiers)


def require_different(keys: Sequence[bytes]) -> None:
    """Raise SettingsError if two of the keys are the same."""
    if len(set(keys)) < len(keys):
        raise SettingsError("Two of the sealing and digest keys are the same: make each with `sso keys init`.")


def api_routes(whole: Whole) -> list[Resource]:
    """Return the API of all owners."""
    ground, access = whole.ground, whole.identity.access
    return [
        *identity_routes(ground, whole.identity, whole.service_digests),
        *pseudoniem_routes(ground, whole.pseudoniemen, access.own),
        *dossier_routes(ground, whole.dossiers, access),
    ]
