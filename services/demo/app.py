"""The demo: everything in one process, nothing else needed, on data in one folder.

Start: hold the data folder, take the port, start Valkey, make keys, migrate, wire, serve; stop in reverse. Where a
setting names a Redis, a database or a key file, that one is used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvloop

from common.clock import Clock, wall_clock
from common.http.context import RequestContext
from common.key_files import make_key
from common.settings import CompanySettings, Settings
from identity.patients.registered import RegisteredPatients
from identity.patients.store_sql import SqlPatients
from schemas.base import Rules
from services import ground
from services.composition import application, host_names, run, site_routes
from services.data_folder import data_folder
from services.databases import OWNERS, urls_of
from services.demo.ehr import open_ehr
from services.demo.front import FrontPage
from services.demo.login import DemoLogin
from services.demo.service_file import DEMO_SERVICE, demo_service
from services.demo.sign_in import DemoSignIn
from services.demo.simulator import Simulator
from services.migrate import migrate
from services.required import Complete
from services.server import bind
from services.valkey import BundledValkey
from services.wiring import Ground, Service
from website.pages import Pages

RULES: Final = Rules(eleven_test=False)
"""The seed's example 123456780 fails the 11-test, so the demo skips it; no setting can."""


def run_demo(settings: Settings, host: str, port: int) -> None:
    """Run the demo until it is stopped. Raises SettingsError if it cannot start."""
    with (
        data_folder(settings.data_dir) as folder,
        bind(host, port) as listener,
        _redis_url(settings, folder) as redis_url,
    ):
        issuer = settings.issuer.url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
        hosts = host_names(issuer, settings.issuer.hosts) | {"localhost"}
        opened = open_ground(settings, folder, issuer, redis_url, wall_clock)
        app = partial(demo_app, folder=folder, hosts=hosts)
        uvloop.run(run(opened, listener, proxies=settings.issuer.proxies, schema=migrate, make_app=app))


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


def open_ground(settings: Settings, folder: Path, issuer: str, redis_url: str, clock: Clock) -> Ground:
    """Return what the demo stands on; makes the keys that are not there yet. Raises SettingsError."""
    own_database = {owner.name: f"sqlite:///{folder / 'sso.db'}" for owner in OWNERS}
    registration = CompanySettings(registration=settings.companies.registration or "open")
    complete = Complete(
        issuer=issuer,
        redis_url=redis_url,
        database_urls=own_database | urls_of(settings.database),
        sealing_file=_key_file(settings.keys.sealing_file, folder / "sealing.key"),
        digest_file=_key_file(settings.keys.digest_file, folder / "digest.key"),
        settings=settings.model_copy(update={"companies": registration}),
    )
    return ground.open_ground(complete, clock, RULES, {DEMO_SERVICE: demo_service(folder / "demo-service.json")})


def _key_file(named: Path | None, own: Path) -> Path:
    """Return the key file of the settings, or the demo's own, made on the first start."""
    if named is None and not own.exists():
        make_key(own)
    return named or own


async def demo_app(service: Service, folder: Path, hosts: frozenset[str]) -> RequestContext:
    """Return the demo's application. `folder` is where the simulated EHR keeps its key."""
    issuer, rules, clock = service.ground.issuer, service.ground.rules, service.ground.clock
    elsewhere = _on_localhost(issuer)
    pages, origins = Pages("services.demo"), frozenset({issuer, elsewhere})
    patients = RegisteredPatients(
        SqlPatients(service.ground.databases.identity, service.ground.sealer), service.pseudoniemen
    )
    ehr = await open_ehr(folder / "ehr.json", service.companies, service.partner_keys, clock)
    front = FrontPage(pages, f"{elsewhere}/simulator")
    routes = [
        *site_routes(service, pages, front, origins),
        *DemoSignIn(patients, service.patient_sessions, pages, rules, origins).routes(),
        *DemoLogin(patients, service.issuer, clock, rules).routes(),
        *Simulator(ehr, service.dossiers, pages, rules, issuer).routes(),
    ]
    return application(service, routes, hosts)


def _on_localhost(issuer: str) -> str:
    """Return the issuer's URL under the name localhost: the same demo, but for the browser another site."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://localhost" + (f":{parts.port}" if parts.port else "")
