"""The demo: everything in one process, nothing else needed, on data in one folder.

Start: hold the data folder, take the port, start Valkey, make keys, migrate, serve; stop in reverse. Where a setting
names a Redis, a database or a key file, that one is used.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvloop
from starlette.types import ASGIApp

from common.settings import Settings
from identity.patients.registered import RegisteredPatients
from identity.patients.store_sql import SqlPatients
from schemas.base import Rules
from services.composition import application, launch_page_routes, patient_site_routes
from services.data_folder import data_folder
from services.databases import OWNERS
from services.demo.ehr import SimulatedEhr, open_ehr
from services.demo.front import FrontPage
from services.demo.login import DemoLogin
from services.demo.service_file import demo_service, make_demo_service
from services.demo.settings import demo_settings
from services.demo.sign_in import DemoSignIn
from services.demo.signed_page import SignedPage
from services.demo.signed_tokens import SignedTokens
from services.demo.simulator import Simulator
from services.ground import open_ground
from services.housekeeping import housekeeping
from services.key_sets import refreshing_key_sets
from services.key_times import keeping_rings
from services.schema import bring_up_to_date
from services.server import Composition, bind
from services.valkey import BundledValkey
from services.whole import Whole, api_routes, wire_whole
from services.workers import run
from website.pages import Pages

RULES: Final = Rules(eleven_test=False, public_key_sets=False)
"""The seed's example 123456780 fails the 11-test, so the demo skips it; and its EHRs run beside it. No setting can."""


def run_demo(given: Settings, host: str, port: int, workers: int) -> None:
    """Run the demo until it is stopped. Raises SettingsError if it cannot start."""
    with (
        data_folder(given.data_dir) as folder,
        bind(host, port) as listener,
        _redis_url(given, folder) as redis_url,
    ):
        issuer = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        settings = demo_settings(given, folder, issuer, redis_url)
        make_demo_service(folder)
        uvloop.run(_prepare(settings))
        run(Composition(open_demo, settings), listener, workers)


@contextmanager
def _redis_url(settings: Settings, folder: Path) -> Iterator[str]:
    if settings.redis.url is not None:
        yield settings.redis.url
        return
    valkey = BundledValkey(folder / "valkey")
    valkey.start()
    try:
        yield valkey.url
    finally:
        valkey.stop()


async def _prepare(settings: Settings) -> None:
    """Bring the schema up to date, and make the simulated EHR, so that all workers find the same one."""
    async with open_ground(settings, OWNERS, RULES) as ground:
        await bring_up_to_date(ground.databases)
        await demo_ehr(await wire_whole(ground, settings, demo_service(settings.data_dir)), settings.data_dir)


@asynccontextmanager
async def open_demo(settings: Settings, metrics: Path | None = None) -> AsyncIterator[ASGIApp]:
    """Give the demo's application, on settings of which nothing is missing. Raises SettingsError."""
    async with open_ground(settings, OWNERS, RULES) as ground:
        whole = await wire_whole(ground, settings, demo_service(settings.data_dir))
        async with (
            housekeeping(ground.databases.identity, ground.clock),
            keeping_rings(whole.identity.rings),
            refreshing_key_sets(whole.identity.key_sets),
        ):
            yield await demo_app(whole, settings.data_dir, metrics)


async def demo_app(whole: Whole, folder: Path, metrics: Path | None = None) -> ASGIApp:
    """Return the demo's application. `folder` is where the simulated EHR keeps its key."""
    ground, identity, dossiers = whole.ground, whole.identity, whole.dossiers
    issuer, rules, clock = ground.issuer, ground.rules, ground.clock
    elsewhere = _on_localhost(issuer)
    pages, origins = Pages("services.demo"), frozenset({issuer, elsewhere})
    stored = SqlPatients(ground.databases.identity, whole.sealer)
    patients = RegisteredPatients(stored, whole.pseudoniemen, ground.audit, clock)
    sessions, companies = identity.patient_sessions, identity.companies
    ehr, tokens = await demo_ehr(whole, folder), SignedTokens(ground.redis, whole.sealer)
    front = FrontPage(pages, f"{elsewhere}/simulator")
    routes = [
        *api_routes(whole),
        *launch_page_routes(identity, pages, origins),
        *front.routes(),
        *patient_site_routes(sessions, dossiers, companies, pages, front, origins),
        *DemoSignIn(patients, sessions, ground.limits, pages, rules, origins).routes(),
        *DemoLogin(patients, ground.limits, identity.issuer, ground.audit, clock, rules).routes(),
        *Simulator(ehr, dossiers, identity.launches, tokens, ground.limits, pages, rules, origins).routes(),
        *SignedPage(tokens, ehr, identity.diagnosis, ground.limits, clock, pages, issuer).routes(),
    ]
    return application(ground, routes, metrics=metrics, pages=pages)


async def demo_ehr(whole: Whole, folder: Path) -> SimulatedEhr:
    """Return the simulated EHR, whose company and keys are in the data folder."""
    identity = whole.identity
    return await open_ehr(folder / "ehr.json", identity.companies, identity.partner_keys, whole.ground.clock)


def _on_localhost(issuer: str) -> str:
    """Return the issuer's URL under the name localhost: the same demo, but for the browser another site."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://localhost" + (f":{parts.port}" if parts.port else "")
