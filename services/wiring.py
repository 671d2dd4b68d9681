"""Everything connected: which class satisfies which protocol. Read this to see who talks to whom.

Each owner is wired by itself and asks the others through protocols: in one process those are the owners themselves, in
services apart they are `services/peers`.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from common.clock import Clock
from common.key_files import read_key
from common.settings import Settings
from dossier.service import Dossiers
from dossier.service import Pseudoniemen as DossierPseudoniemen
from dossier.store_sql import SqlDossiers
from identity.companies.model import Status
from identity.companies.secrets import CompanySecrets
from identity.companies.service import Companies
from identity.companies.store_sql import SqlCompanies, SqlCompanyTokens
from identity.companies.tokens import CompanyTokens
from identity.patients.sessions import PatientSessions
from identity.patients.store_sql import SqlPatientSessions
from identity.professionals.accounts import Professionals
from identity.professionals.store_sql import SqlAccounts
from identity.pseudoniem.digest import DigestKey
from identity.pseudoniem.service import Pseudoniemen
from identity.pseudoniem.store_sql import SqlPseudoniemen
from identity.pseudoniem.versions import recognised
from identity.relationships.service import Relationships
from identity.relationships.store_sql import SqlRelationships
from keys.keeper import KeyKeeper
from keys.key_sets.service import KeySets
from keys.key_sets.store_sql import SqlKeySets
from keys.partners import PartnerKeys
from keys.remote import Fetcher, SystemResolver
from keys.ring import KeyRing, Purpose
from keys.schedule import Rotation
from keys.sealing import Sealer
from keys.store_sql import SqlPartnerKeys, SqlSigningKeys
from services.databases import DOSSIER_OWNER, IDENTITY_OWNER, PSEUDONIEM_OWNER, Databases
from services.ground import Ground
from services.required import DIGEST_KEY, SEALING_KEY
from sso.issuer.clients import ClientAuthentication
from sso.issuer.issue import TokenIssuer
from sso.launch import ports
from sso.launch.checks import LaunchChecks
from sso.launch.context import LaunchContexts
from sso.launch.diagnosis import Diagnosis
from sso.launch.flow import LaunchFlow
from sso.launch.registration import RegistrationCodes, Registrations
from sso.launch.resume import LaunchSessions
from sso.launch.revocation import CompanyProfessionalTokens
from sso.launch.store_sql import SqlLaunches, SqlSessions
from sso.verifier.access import AccessTokens, OwnTokens
from sso.verifier.assertions import Assertions
from sso.verifier.replay import Spender
from sso.verifier.replay_redis import RedisReplayGuard
from sso.verifier.store_sql import SqlAssertions
from sso.verifier.trust import Trust
from sso.verifier.verify import TokenVerifier


@dataclass(frozen=True, slots=True)
class Rings:
    """Our own keys: those for access tokens, and those for the SSO tokens that we sign for companies."""

    keeper: KeyKeeper
    access: KeyRing
    sso: KeyRing


@dataclass(frozen=True, slots=True)
class Identity:
    """The parts of identity, launches included, that routes and compositions use."""

    rings: Rings
    companies: Companies
    tokens: CompanyTokens
    secrets: CompanySecrets
    clients: ClientAuthentication
    partner_keys: PartnerKeys
    key_sets: KeySets
    access: AccessTokens
    issuer: TokenIssuer
    launch_rows: SqlLaunches
    launches: LaunchFlow
    diagnosis: Diagnosis
    professional_tokens: CompanyProfessionalTokens
    contexts: LaunchContexts
    registrations: Registrations
    launch_sessions: LaunchSessions
    patient_sessions: PatientSessions


def rotation_of(settings: Settings) -> Rotation:
    """Return how our own keys follow each other. Raises SettingsError if a good token could be refused."""
    keys = settings.keys
    rotation = Rotation(
        signs=timedelta(days=keys.rotate_days),
        announced=timedelta(minutes=keys.announce_minutes),
        kept=timedelta(minutes=keys.keep_minutes),
    )
    rotation.require_sound()
    return rotation


def wire_keeper(databases: Databases, clock: Clock, settings: Settings, sealer: Sealer) -> KeyKeeper:
    """Connect the keeper of our own keys. Raises as `rotation_of` does."""
    store, audit = SqlSigningKeys(databases.identity), databases.audit(IDENTITY_OWNER)
    return KeyKeeper(store, audit, sealer, clock, rotation_of(settings))


async def open_rings(keeper: KeyKeeper) -> Rings:
    """Return our own keys. Raises SettingsError if they do not open with this sealing key, or Unavailable."""
    return Rings(keeper, await keeper.open(Purpose.ACCESS), await keeper.open(Purpose.SSO))


def wire_identity(
    ground: Ground,
    rings: Rings,
    sealer: Sealer,
    first_status: Status,
    pseudoniemen: ports.Pseudoniemen,
    dossiers: ports.Dossiers,
) -> Identity:
    """Connect identity. `first_status` is what a company is that has just registered."""
    clock, database, audit = ground.clock, ground.databases.identity, ground.databases.audit(IDENTITY_OWNER)
    company_rows = SqlCompanies(database)
    companies = Companies(company_rows, audit, clock, first_status)
    tokens = CompanyTokens(SqlCompanyTokens(database))
    partner_keys = PartnerKeys(SqlPartnerKeys(database), audit, clock, (rings.access, rings.sso))
    fetcher = Fetcher(ssl.create_default_context(), SystemResolver(), ground.rules.public_key_sets)
    put_fetcher = replace(fetcher, resolve=SystemResolver())
    key_sets = KeySets(SqlKeySets(database), fetcher, put_fetcher, partner_keys, audit, clock)
    issuer = TokenIssuer(rings.access, ground.issuer)
    launches, sessions = SqlLaunches(database, sealer), SqlSessions(database, sealer)
    professionals = Professionals(SqlAccounts(database, sealer))
    relationships = Relationships(SqlRelationships(database))
    codes = RegistrationCodes(sealer)
    contexts = LaunchContexts(dossiers, issuer, codes.address)
    audiences = (ground.issuer, f"{ground.issuer}/sso/launch")
    trust, guard = Trust(companies, partner_keys, rings.sso, key_sets), RedisReplayGuard(ground.redis)
    checks = LaunchChecks(TokenVerifier(trust, audiences, ground.rules), launches, pseudoniemen, relationships)
    spender = Spender(guard)
    asserted = (ground.issuer, f"{ground.issuer}/auth/token")
    return Identity(
        rings=rings,
        companies=companies,
        tokens=tokens,
        secrets=CompanySecrets(company_rows, partner_keys, audit, clock),
        clients=ClientAuthentication(companies, Assertions(trust, asserted, guard, SqlAssertions(database))),
        partner_keys=partner_keys,
        key_sets=key_sets,
        access=AccessTokens(OwnTokens(rings.access, audit, ground.issuer, clock), tokens, launches),
        issuer=issuer,
        launch_rows=launches,
        launches=LaunchFlow(
            clock=clock,
            limits=ground.limits,
            checks=checks,
            spender=spender,
            audit=audit,
            launches=launches,
            sessions=sessions,
            pseudoniemen=pseudoniemen,
            professionals=professionals,
            relationships=relationships,
        ),
        diagnosis=Diagnosis(clock, ground.limits, checks, spender, audit),
        professional_tokens=CompanyProfessionalTokens(checks, spender, launches),
        contexts=contexts,
        registrations=Registrations(clock, codes, audit, launches, companies, professionals, relationships),
        launch_sessions=LaunchSessions(clock, audit, sessions, launches, companies, contexts),
        patient_sessions=PatientSessions(SqlPatientSessions(database, sealer), audit, clock),
    )


async def wire_pseudoniemen(ground: Ground, digest_keys: Sequence[DigestKey]) -> Pseudoniemen:
    """Connect the pseudoniemen. Raises SettingsError if no key belongs to the database, or Unavailable."""
    store = SqlPseudoniemen(ground.databases.pseudoniem)
    keys = await recognised(store, digest_keys)
    return Pseudoniemen(store, keys, ground.databases.audit(PSEUDONIEM_OWNER), ground.clock)


def wire_dossiers(ground: Ground, pseudoniemen: DossierPseudoniemen) -> Dossiers:
    """Connect the dossiers."""
    audit = ground.databases.audit(DOSSIER_OWNER)
    return Dossiers(SqlDossiers(ground.databases.dossier), pseudoniemen, audit, ground.clock)


def read_sealer(settings: Settings) -> Sealer:
    """Return the sealer of the key files in the settings. Raises SettingsError."""
    return Sealer(*sealing_keys(settings))


def read_digest_keys(settings: Settings) -> Sequence[DigestKey]:
    """Return the digest key, and the other one if there is one. Raises SettingsError."""
    return [DigestKey(key) for key in digest_keys(settings)]


def digest_keys(settings: Settings) -> Sequence[bytes]:
    """Return the octets of the digest key, and of the other one if there is one. Raises SettingsError."""
    return _keys(DIGEST_KEY.of(settings), settings.keys.other_digest_file)


def sealing_keys(settings: Settings) -> Sequence[bytes]:
    """Return the key that seals, and the other one if there is one. Raises SettingsError."""
    return _keys(SEALING_KEY.of(settings), settings.keys.other_sealing_file)


def _keys(file: Path, other: Path | None) -> Sequence[bytes]:
    return [read_key(file), *([read_key(other)] if other is not None else [])]


def first_status(settings: Settings) -> Status:
    """Return what a company is that has just registered."""
    return Status.ACTIVE if settings.companies.registration == "open" else Status.PENDING
