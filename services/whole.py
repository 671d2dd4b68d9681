"""All owners in one process, each asking the others directly: what production in one process and the demo share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from common.errors import SettingsError
from common.http.routing import Resource
from common.settings import Settings
from dossier.service import Dossiers
from identity.pseudoniem.service import Pseudoniemen
from keys.sealing import Sealer
from services.api import dossier_routes, identity_routes, pseudoniem_routes
from services.ground import Ground
from services.own_services import OwnServices, read_own_services
from services.wiring import (
    Identity,
    digest_keys,
    first_status,
    open_rings,
    read_digest_keys,
    read_sealer,
    sealing_keys,
    wire_dossiers,
    wire_identity,
    wire_keeper,
    wire_pseudoniemen,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything. `services` are our own that may ask for internal tokens."""

    ground: Ground
    sealer: Sealer
    services: OwnServices
    identity: Identity
    pseudoniemen: Pseudoniemen
    dossiers: Dossiers


async def wire_whole(ground: Ground, settings: Settings, own_digests: Mapping[str, bytes] | None = None) -> Whole:
    """Connect everything. `own_digests` are of the secrets of services of the composition itself, beside the settings'.

    Raises SettingsError if a key is missing, damaged or another database's, or Unavailable.
    """
    require_different([*sealing_keys(settings), *digest_keys(settings)])
    named = read_own_services(settings)
    services = replace(named, secrets={**named.secrets, **(own_digests or {})})
    sealer = read_sealer(settings)
    rings = await open_rings(wire_keeper(ground.databases, ground.clock, settings, sealer))
    pseudoniemen = await wire_pseudoniemen(ground, read_digest_keys(settings))
    dossiers = wire_dossiers(ground, pseudoniemen)
    identity = wire_identity(ground, rings, sealer, first_status(settings), pseudoniemen, dossiers)
    return Whole(ground, sealer, services, identity, pseudoniemen, dossiers)


def require_different(keys: Sequence[bytes]) -> None:
    """Raise SettingsError if two of the keys are the same."""
    if len(set(keys)) < len(keys):
        raise SettingsError("Two of the sealing and digest keys are the same: make each with `sso keys init`.")


def api_routes(whole: Whole) -> list[Resource]:
    """Return the API of all owners."""
    ground, access = whole.ground, whole.identity.access
    return [
        *identity_routes(ground, whole.identity, whole.services),
        *pseudoniem_routes(ground, whole.pseudoniemen, access.own),
        *dossier_routes(ground, whole.dossiers, access),
    ]
