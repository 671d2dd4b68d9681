"""The API of each owner: which endpoints are made of which parts."""

from common.http.routing import Resource
from dossier.routes import DossierEndpoints
from dossier.service import Dossiers
from identity.companies.routes import CompanyEndpoints, CompanySecretEndpoints
from identity.pseudoniem.routes import PseudoniemEndpoints
from identity.pseudoniem.service import Pseudoniemen
from keys.key_sets.routes import KeySetEndpoints
from keys.routes import CompanyKeyEndpoints, jwks_routes
from services.databases import IDENTITY_OWNER
from services.ground import Ground
from services.own_services import OwnServices
from services.professionals import professional_routes
from services.wiring import Identity
from sso.issuer.endpoint import TokenEndpoint
from sso.issuer.internal import InternalTokenEndpoint
from sso.issuer.introspection import IntrospectionEndpoint
from sso.issuer.metadata import Metadata
from sso.issuer.owners import TokenOwners
from sso.issuer.professional import ProfessionalTokenEndpoint
from sso.issuer.revocation import RevocationEndpoint
from sso.launch.routes import DiagnosisEndpoint, LaunchEndpoints
from sso.verifier.access import AccessTokens, OwnTokens


def identity_routes(ground: Ground, identity: Identity, services: OwnServices) -> list[Resource]:
    """Return the API of identity."""
    limits, access, clock, rules = ground.limits, identity.access, ground.clock, ground.rules
    audit = ground.databases.audit(IDENTITY_OWNER)
    owners = TokenOwners(limits, identity.clients, access, audit, clock)
    return [
        *jwks_routes(clock, identity.rings.access, identity.rings.sso),
        *Metadata(ground.issuer).routes(),
        *CompanyEndpoints(identity.companies, access).routes(),
        *CompanySecretEndpoints(identity.secrets, access).routes(),
        *CompanyKeyEndpoints(identity.partner_keys, access, rules).routes(),
        *KeySetEndpoints(limits, identity.key_sets, access, rules).routes(),
        *professional_routes(ground, access),
        *TokenEndpoint(limits, identity.clients, identity.issuer, audit, clock).routes(),
        *IntrospectionEndpoint(owners, identity.professional_tokens).routes(),
        *RevocationEndpoint(owners, identity.tokens, identity.professional_tokens).routes(),
        *InternalTokenEndpoint(limits, services.authentication(ground), identity.issuer, audit, clock).routes(),
        *ProfessionalTokenEndpoint(limits, identity.rings.sso, ground.issuer, access, audit, clock, rules).routes(),
        *LaunchEndpoints(limits, identity.launches, identity.contexts, identity.launch_sessions).routes(),
        *DiagnosisEndpoint(identity.diagnosis, access).routes(),
    ]


def pseudoniem_routes(ground: Ground, pseudoniemen: Pseudoniemen, access: OwnTokens) -> list[Resource]:
    """Return the API of pseudoniemen."""
    return PseudoniemEndpoints(pseudoniemen, access, ground.rules).routes()


def dossier_routes(ground: Ground, dossiers: Dossiers, access: AccessTokens) -> list[Resource]:
    """Return the API of dossiers."""
    return DossierEndpoints(dossiers, access, ground.rules).routes()
