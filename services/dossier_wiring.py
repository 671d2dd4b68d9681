"""Dossiers connected: which class satisfies which protocol, as in `wiring`."""

from common.http.routing import Resource
from dossier.groups.records.store_sql import SqlGroupDossiers
from dossier.groups.routes import GroupEndpoints
from dossier.groups.service import Groups
from dossier.groups.store_sql import SqlGroups
from dossier.routes import DossierEndpoints
from dossier.service import Dossiers, Pseudoniemen
from dossier.store_sql import SqlDossiers
from keys.sealing import Sealer
from services.databases import DOSSIER_OWNER
from services.ground import Ground
from sso.verifier.access import AccessTokens


def wire_dossiers(ground: Ground, pseudoniemen: Pseudoniemen) -> Dossiers:
    """Connect the dossiers."""
    audit = ground.databases.audit(DOSSIER_OWNER)
    return Dossiers(SqlDossiers(ground.databases.dossier), pseudoniemen, audit, ground.clock)


async def wire_groups(ground: Ground, sealer: Sealer, pseudoniemen: Pseudoniemen) -> Groups:
    """Connect the groups. Raises SettingsError if the sealing key does not belong to the database, or Unavailable."""
    audit = ground.databases.audit(DOSSIER_OWNER)
    database = ground.databases.dossier
    stores = SqlGroups(database, sealer), SqlGroupDossiers(database, sealer)
    groups = Groups(*stores, pseudoniemen, audit, ground.clock)
    await groups.require_right_key()
    return groups


def dossier_routes(ground: Ground, dossiers: Dossiers, groups: Groups, access: AccessTokens) -> list[Resource]:
    """Return the API of dossiers and groups."""
    rules = ground.rules
    return [*DossierEndpoints(dossiers, access, rules).routes(), *GroupEndpoints(groups, access, rules).routes()]
