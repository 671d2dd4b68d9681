"""Everything connected: which class satisfies which protocol. Read this to see who talks to whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from common.clock import Clock
from common.http.routing import Resource
from common.limits import Limits
from dossier.routes import DossierEndpoints
from dossier.service import Dossiers
from dossier.store_sql import SqlDossiers
from identity.companies.model import Status
from identity.companies.routes import CompanyEndpoints
from identity.companies.service import Companies
from identity.companies.store_sql import SqlCompanies
from identity.patients.sessions import PatientSessions
from identity.patients.store_sql import SqlPatientSessions
from identity.professionals.accounts import Professionals
from identity.professionals.store_sql import SqlAccounts
from identity.pseudoniem.digest import DigestKey
from identity.pseudoniem.routes import PseudoniemEndpoints
from identity.pseudoniem.service import Pseudoniemen
from identity.pseudoniem.store_sql import SqlPseudoniemen
from identity.relationships.service import Relationships
from identity.relationships.store_sql import SqlRelationships
from keys.partners import PartnerKeys
from keys.ring import KeyRing, Purpose, open_ring
from keys.routes import CompanyKeyEndpoints, jwks_routes
from keys.sealing import Sealer
from keys.store_sql import SqlPartnerKeys, SqlSigningKeys
from schemas.base import Rules
from services.databases import Databases
from services.health import HealthEndpoints
from sso.issuer.endpoint import TokenEndpoint
from sso.issuer.internal import InternalTokenEndpoint
from sso.issuer.issue import TokenIssuer
from sso.issuer.professional import ProfessionalTokenEndpoint
from sso.launch.context import LaunchContexts
from sso.launch.flow import LaunchFlow
from sso.launch.registration import RegistrationCodes, Registrations
from sso.launch.resume import LaunchSessions
from sso.launch.routes import LaunchEndpoints
from sso.launch.store_sql import SqlLaunches, SqlSessions
from sso.verifier.access import AccessTokens
from sso.verifier.replay import Spender
from sso.verifier.replay_redis import RedisReplayGuard
from sso.verifier.trust import Trust
from sso.verifier.verify import TokenVerifier


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything stands on.

    `issuer` is our public URL; `rules` differ in the demo alone; `services` are the digests of the secrets with which
    our own services ask for internal tokens, by name; `first_status` is what a company is that has just registered.
    """

    issuer: str
    clock: Clock
    rules: Rules
    databases: Databases
    redis: Redis
    sealer: Sealer
    digest_key: DigestKey
    services: Mapping[str, bytes]
    limits: Limits
    first_status: Status


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that routes and compositions use."""

    ground: Ground
    ring: KeyRing
    sso_ring: KeyRing
    companies: Companies
    partner_keys: PartnerKeys
    pseudoniemen: Pseudoniemen
    dossiers: Dossiers
    access: AccessTokens
    issuer: TokenIssuer
    launches: LaunchFlow
    contexts: LaunchContexts
    registrations: Registrations
    launch_sessions: LaunchSessions
    patient_sessions: PatientSessions


async def wire(ground: Ground) -> Service:
    """Connect the service. Raises SettingsError if a key does not belong to the database, or Unavailable."""
    clock, identity = ground.clock, ground.databases.identity
    ring = await open_ring(Purpose.ACCESS, SqlSigningKeys(identity), ground.sealer, clock)
    sso_ring = await open_ring(Purpose.SSO, SqlSigningKeys(identity), ground.sealer, clock)
    pseudoniemen = Pseudoniemen(SqlPseudoniemen(ground.databases.pseudoniem), ground.digest_key)
    await pseudoniemen.require_right_key()
    companies = Companies(SqlCompanies(identity), clock, ground.first_status)
    partner_keys = PartnerKeys(SqlPartnerKeys(identity), clock, (ring, sso_ring))
    dossiers = Dossiers(SqlDossiers(ground.databases.dossier), pseudoniemen, clock)
    issuer = TokenIssuer(ring, ground.issuer)
    launches, sessions = SqlLaunches(identity, ground.sealer), SqlSessions(identity, ground.sealer)
    professionals = Professionals(SqlAccounts(identity, ground.sealer))
    relationships = Relationships(SqlRelationships(identity))
    codes = RegistrationCodes(ground.sealer)
    contexts = LaunchContexts(dossiers, issuer, codes.address)
    audiences = (ground.issuer, f"{ground.issuer}/sso/launch")
    return Service(
        ground=ground,
        ring=ring,
        sso_ring=sso_ring,
        companies=companies,
        partner_keys=partner_keys,
        pseudoniemen=pseudoniemen,
        dossiers=dossiers,
        access=AccessTokens(ring, companies, launches, ground.issuer, clock),
        issuer=issuer,
        launches=LaunchFlow(
            clock=clock,
            limits=ground.limits,
            tokens=TokenVerifier(Trust(companies, partner_keys, sso_ring), audiences, ground.rules),
            spender=Spender(RedisReplayGuard(ground.redis)),
            unit_of_work=identity.transaction,
            launches=launches,
            sessions=sessions,
            pseudoniemen=pseudoniemen,
            professionals=professionals,
            relationships=relationships,
        ),
        contexts=contexts,
        registrations=Registrations(
            clock, codes, identity.transaction, launches, companies, professionals, relationships
        ),
        launch_sessions=LaunchSessions(clock, sessions, launches, companies, contexts),
        patient_sessions=PatientSessions(SqlPatientSessions(identity, ground.sealer), clock),
    )


def api_routes(service: Service) -> list[Resource]:
    """Return the routes of the API, those of every composition."""
    ground = service.ground
    return [
        *HealthEndpoints(ground.databases, ground.redis).routes(),
        *jwks_routes(service.ring, service.sso_ring),
        *CompanyEndpoints(service.companies, service.access).routes(),
        *CompanyKeyEndpoints(service.partner_keys, service.access, ground.rules).routes(),
        *TokenEndpoint(ground.limits, service.companies, service.issuer, ground.clock).routes(),
        *InternalTokenEndpoint(ground.limits, ground.services, service.issuer, ground.clock).routes(),
        *ProfessionalTokenEndpoint(
            ground.limits, service.sso_ring, ground.issuer, service.access, ground.clock, ground.rules
        ).routes(),
        *PseudoniemEndpoints(service.pseudoniemen, service.access, ground.rules).routes(),
        *LaunchEndpoints(ground.limits, service.launches, service.contexts, service.launch_sessions).routes(),
        *DossierEndpoints(service.dossiers, service.access, ground.rules).routes(),
    ]
