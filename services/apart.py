"""Production apart: each service a process of its own, with its own database and its own keys, the others over HTTP.

The pseudoniem service alone has the digest key, identity and the dossiers each a sealing key of their own, the website
neither a database nor a key.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
from starlette.types import ASGIApp

from common.settings import Settings
from schemas.base import Rules
from services.api import identity_routes, pseudoniem_routes
from services.composition import application, launch_page_routes, patient_site_routes
from services.databases import DOSSIER_OWNER, IDENTITY_OWNER, PSEUDONIEM_OWNER, Owner
from services.dossier_wiring import dossier_routes, wire_dossiers, wire_groups
from services.ground import Ground, open_ground
from services.housekeeping import housekeeping
from services.key_sets import refreshing_key_sets
from services.key_times import keeping_rings
from services.openapi.catalogue import AREAS
from services.openid.sign_in import NoSignIn, OpenIdSignIn
from services.openid.wiring import wire_sign_in
from services.own_services import TOKEN_PATH, read_own_credential, read_own_services
from services.peers.client import Peer, open_client
from services.peers.dossier import DossierAnswers, PeerDossiers
from services.peers.identity import IdentityAnswers, PeerCompanies, PeerLaunches, PeerPatientSessions
from services.peers.own_keys import PublishedKeys
from services.peers.pseudoniem import PeerPseudoniemen, PseudoniemAnswers
from services.peers.token import FetchedToken, InternalToken, IssuedToken, token_client
from services.required import (
    DIGEST_KEY,
    ISSUER,
    REDIS,
    SEALING_KEY,
    Need,
    database_of,
    known_service,
    own_credential,
    peer_url,
    require,
    sign_in_needs,
    website_sign_in_needs,
)
from services.schema import require_current
from services.server import Compose
from services.wiring import (
    first_status,
    open_rings,
    read_digest_keys,
    read_sealer,
    wire_identity,
    wire_keeper,
    wire_pseudoniemen,
)
from sso.issuer.issue import TokenIssuer
from sso.verifier.access import AccessTokens, OwnTokens
from website.pages import Pages

# The settings that each service cannot do without. Identity knows by which key, or secret, the others ask.
IDENTITY_NEEDS: Final = (
    ISSUER,
    REDIS,
    database_of(IDENTITY_OWNER),
    SEALING_KEY,
    known_service("dossier"),
    known_service("website"),
    peer_url("pseudoniem"),
    peer_url("dossier"),
)
PSEUDONIEM_NEEDS: Final = (ISSUER, REDIS, database_of(PSEUDONIEM_OWNER), DIGEST_KEY, peer_url("identity"))
DOSSIER_NEEDS: Final = (
    ISSUER,
    REDIS,
    database_of(DOSSIER_OWNER),
    SEALING_KEY,
    own_credential("dossier"),
    peer_url("identity"),
    peer_url("pseudoniem"),
)
WEBSITE_NEEDS: Final = (ISSUER, REDIS, own_credential("website"), peer_url("identity"), peer_url("dossier"))


@asynccontextmanager
async def open_identity(settings: Settings, metrics: Path | None = None) -> AsyncIterator[ASGIApp]:
    """Give the identity service: companies, keys, tokens, launches and their pages."""
    async with _apart(settings, IDENTITY_NEEDS, [IDENTITY_OWNER]) as apart:
        ground, sealer = apart.ground, read_sealer(settings)
        rings = await open_rings(wire_keeper(ground.databases, ground.clock, settings, sealer))
        token = IssuedToken(TokenIssuer(rings.access, ground.issuer), "identity", ground.clock)
        identity = wire_identity(
            ground,
            rings,
            sealer,
            first_status(settings),
            PeerPseudoniemen(await apart.peer("pseudoniem", token)),
            PeerDossiers(await apart.peer("dossier", token)),
        )
        answers = IdentityAnswers(
            identity.companies, identity.tokens, identity.launch_rows, identity.patient_sessions, identity.access.own
        )
        routes = [
            *identity_routes(ground, identity, read_own_services(settings)),
            *launch_page_routes(identity, Pages(), frozenset({ground.issuer})),
            *answers.routes(),
        ]
        async with (
            housekeeping(ground.databases.identity, ground.clock),
            keeping_rings(rings),
            refreshing_key_sets(identity.key_sets),
        ):
            yield application(ground, routes, metrics=metrics)


@asynccontextmanager
async def open_pseudoniem(settings: Settings, metrics: Path | None = None) -> AsyncIterator[ASGIApp]:
    """Give the pseudoniem service. It asks nobody anything but our public keys."""
    async with _apart(settings, PSEUDONIEM_NEEDS, [PSEUDONIEM_OWNER]) as apart:
        ground = apart.ground
        pseudoniemen = await wire_pseudoniemen(ground, read_digest_keys(settings))
        own = await apart.own_tokens()
        routes = [
            *pseudoniem_routes(ground, pseudoniemen, own),
            *PseudoniemAnswers(pseudoniemen, own, ground.rules).routes(),
        ]
        yield application(ground, routes, metrics=metrics)


@asynccontextmanager
async def open_dossier(settings: Settings, metrics: Path | None = None) -> AsyncIterator[ASGIApp]:
    """Give the dossier service: dossiers, and the consent of their patients."""
    async with _apart(settings, DOSSIER_NEEDS, [DOSSIER_OWNER]) as apart:
        ground, own, token = apart.ground, await apart.own_tokens(), await apart.fetched_token("dossier")
        pseudoniemen = PeerPseudoniemen(await apart.peer("pseudoniem", token))
        dossiers = wire_dossiers(ground, pseudoniemen)
        groups = await wire_groups(ground, read_sealer(settings), pseudoniemen)
        identity = await apart.peer("identity", token)
        access = AccessTokens(own, PeerCompanies(identity), PeerLaunches(identity))
        routes = [*dossier_routes(ground, dossiers, groups, access), *DossierAnswers(dossiers, own).routes()]
        yield application(ground, routes, metrics=metrics)


@asynccontextmanager
async def open_website(settings: Settings, metrics: Path | None = None) -> AsyncIterator[ASGIApp]:
    """Give the website: the patient's site, and the description of the whole API."""
    async with _apart(settings, [*WEBSITE_NEEDS, *website_sign_in_needs(settings)], []) as apart:
        ground, pages, token = apart.ground, Pages(), await apart.fetched_token("website")
        identity = await apart.peer("identity", token)
        sign_in = await _sign_in(apart, token, pages)
        routes = patient_site_routes(
            PeerPatientSessions(identity),
            PeerDossiers(await apart.peer("dossier", token)),
            PeerCompanies(identity),
            pages,
            sign_in.front,
            frozenset({ground.issuer}),
            sign_in.farewell,
        )
        yield application(ground, [*routes, *sign_in.routes()], metrics=metrics, described=AREAS)


async def _sign_in(apart: "_Apart", token: InternalToken, pages: Pages) -> OpenIdSignIn | NoSignIn:
    """Return the sign-in of patients, which is the only one here that asks for pseudoniemen."""
    if not sign_in_needs(apart.settings):
        return NoSignIn(pages)
    sessions = PeerPatientSessions(await apart.peer("identity", token))
    pseudoniemen = PeerPseudoniemen(await apart.peer("pseudoniem", token))
    return wire_sign_in(apart.ground, apart.settings, pseudoniemen, sessions, pages)


SERVED: Final[Mapping[str, tuple[Compose, Sequence[Need[Any]]]]] = {
    "identity": (open_identity, IDENTITY_NEEDS),
    "pseudoniem": (open_pseudoniem, PSEUDONIEM_NEEDS),
    "dossier": (open_dossier, DOSSIER_NEEDS),
    "website": (open_website, WEBSITE_NEEDS),
}
"""The services by name: how each is opened, and what it needs."""


class _Apart:
    """A service on its own, with what it needs to ask the others."""

    def __init__(self, settings: Settings, ground: Ground, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.ground = ground
        self._stack = stack
        self._clients: dict[str, httpx2.AsyncClient] = {}

    async def peer(self, service: str, token: InternalToken) -> Peer:
        """Return another service of ours."""
        return Peer(service, await self._client(service), token)

    async def own_tokens(self) -> OwnTokens:
        """Return the verifier of our own tokens, with the keys that identity publishes."""
        keys = PublishedKeys(await self._client("identity"))
        return OwnTokens(keys, self.ground.audit, self.ground.issuer, self.ground.clock)

    async def fetched_token(self, service: str) -> InternalToken:
        """Return the internal token of the service that we are."""
        credential = read_own_credential(own_credential(service).of(self.settings))
        client = token_client(service, credential, self.ground.issuer, self.ground.clock)
        endpoint = f"{peer_url('identity').of(self.settings)}{TOKEN_PATH}"
        return FetchedToken(await self._stack.enter_async_context(client), endpoint)

    async def _client(self, service: str) -> httpx2.AsyncClient:
        if service not in self._clients:
            client = open_client(peer_url(service).of(self.settings), self.ground.issuer)
            self._clients[service] = await self._stack.enter_async_context(client)
        return self._clients[service]


@asynccontextmanager
async def _apart(settings: Settings, needs: Sequence[Need[Any]], owners: Sequence[Owner]) -> AsyncIterator[_Apart]:
    """Give what a service on its own stands on. Raises SettingsError."""
    require(settings, *needs)
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(open_ground(settings, owners, Rules()))
        await require_current(ground.databases)
        yield _Apart(settings, ground, stack)
