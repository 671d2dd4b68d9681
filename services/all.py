"""Production in one process: every route of the service, and nothing of the demo."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp

from common.http.routing import Resource
from common.settings import Settings
from schemas.base import Rules
from services.composition import application, launch_page_routes, patient_site_routes
from services.databases import OWNERS
from services.ground import open_ground
from services.housekeeping import housekeeping
from services.key_sets import refreshing_key_sets
from services.key_times import keeping_rings
from services.openid.sign_in import NoSignIn
from services.openid.wiring import wire_sign_in
from services.required import DATABASES, DIGEST_KEY, ISSUER, REDIS, SEALING_KEY, Need, require, sign_in_needs
from services.schema import require_current
from services.whole import Whole, api_routes, wire_whole
from website.pages import Pages

NEEDS: Final[Sequence[Need[Any]]] = (ISSUER, REDIS, *DATABASES, SEALING_KEY, DIGEST_KEY)
"""The settings that it cannot do without."""


@asynccontextmanager
async def open_all(settings: Settings, metrics: Path | None = None) -> AsyncIterator[ASGIApp]:
    """Give production's application. Raises SettingsError if a setting, a key or a schema is not the right one."""
    require(settings, *NEEDS, *sign_in_needs(settings))
    async with open_ground(settings, OWNERS, Rules()) as ground:
        await require_current(ground.databases)
        whole = await wire_whole(ground, settings)
        async with (
            housekeeping(ground.databases.identity, ground.clock),
            keeping_rings(whole.identity.rings),
            refreshing_key_sets(whole.identity.key_sets),
        ):
            yield application(ground, _routes(whole, settings), metrics=metrics)


def _routes(whole: Whole, settings: Settings) -> list[Resource]:
    pages, origins, identity = Pages(), frozenset({whole.ground.issuer}), whole.identity
    sessions = identity.patient_sessions
    sign_in = (
        wire_sign_in(whole.ground, settings, whole.pseudoniemen, sessions, pages)
        if sign_in_needs(settings)
        else NoSignIn(pages)
    )
    return [
        *api_routes(whole),
        *launch_page_routes(identity, pages, origins),
        *patient_site_routes(
            sessions, whole.dossiers, identity.companies, pages, sign_in.front, origins, sign_in.farewell
        ),
        *sign_in.routes(),
    ]
