"""The demo: everything in one process, nothing else needed, on data in one folder.

Start: hold the data folder, take the port, start Valkey, make keys, migrate, wire, serve; stop in reverse. Where a
setting names a Redis, a database or a key file, that one is used.
"""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import typer
import uvloop
from starlette.routing import Router

from common.clock import Clock, wall_clock
from common.http.app import create_app
from common.http.context import RequestContext
from common.http.routing import Resource
from common.key_files import make_key, read_key
from common.settings import Settings
from identity.patients.registered import RegisteredPatients
from identity.patients.store_sql import SqlPatients
from identity.pseudoniem.digest import DigestKey
from keys.sealing import Sealer
from schemas.base import Rules
from services.data_folder import data_folder
from services.databases import open_databases
from services.demo.ehr import open_ehr
from services.demo.front import FrontPage
from services.demo.login import DemoLogin
from services.demo.service_file import DEMO_SERVICE, demo_service
from services.demo.sign_in import DemoSignIn
from services.demo.simulator import Simulator
from services.housekeeping import housekeeping
from services.migrate import migrate
from services.redis_client import open_redis
from services.server import bind, serve
from services.valkey import BundledValkey
from services.wiring import Ground, Service, api_routes, wire
from website.error_docs import ErrorDocs
from website.errors import error_page
from website.launch_pages import LaunchPages
from website.pages import Pages
from website.patient_site import PatientSite
from website.static import static_routes

RULES: Final = Rules(eleven_test=False)
"""The seed's example 123456780 fails the 11-test, so the demo skips it; no setting can."""


def run_demo(settings: Settings, host: str, port: int) -> None:
    """Run the demo until it is stopped. Raises SettingsError if it cannot start."""
    issuer = settings.issuer.url or f"http://{host}:{port}"
    with (
        data_folder(settings.data_dir) as folder,
        bind(host, port) as listener,
        _redis_url(settings, folder) as redis_url,
    ):
        uvloop.run(_run(settings, folder, issuer, redis_url, listener))


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


async def _run(settings: Settings, folder: Path, issuer: str, redis_url: str, listener: socket.socket) -> None:
    ground = open_ground(settings, folder, issuer, redis_url, wall_clock)
    try:
        await migrate(ground.databases)
        service = await wire(ground)
        app = await demo_app(service, folder, _hosts(settings, issuer))
        await serve(app, listener)
    finally:
        await ground.redis.aclose()
        await ground.databases.close()


def open_ground(settings: Settings, folder: Path, issuer: str, redis_url: str, clock: Clock) -> Ground:
    """Return what the demo stands on; makes the keys that are not there yet. Raises SettingsError."""
    return Ground(
        issuer=issuer,
        clock=clock,
        rules=RULES,
        databases=open_databases(settings.database, f"sqlite:///{folder / 'sso.db'}"),
        redis=open_redis(redis_url),
        sealer=Sealer(_key(settings.keys.sealing_file, folder / "sealing.key")),
        digest_key=DigestKey(_key(settings.keys.digest_file, folder / "digest.key")),
        services={DEMO_SERVICE: demo_service(folder / "demo-service.json")},
    )


async def demo_app(service: Service, folder: Path, hosts: frozenset[str]) -> RequestContext:
    """Return the demo's application. `folder` is where the simulated EHR keeps its key."""
    ground = service.ground
    return create_app(
        [*api_routes(service), *await _demo_routes(service, folder / "ehr.json")],
        hosts=hosts,
        https=ground.issuer.startswith("https:"),
        error_page=error_page,
        lifespan=_lifespan(service),
    )


async def _demo_routes(service: Service, ehr_file: Path) -> list[Resource]:
    ground = service.ground
    elsewhere = _on_localhost(ground.issuer)
    pages, origins = Pages("services.demo"), frozenset({ground.issuer, elsewhere})
    patients = RegisteredPatients(SqlPatients(ground.databases.identity, ground.sealer), service.pseudoniemen)
    ehr = await open_ehr(ehr_file, service.companies, service.partner_keys, ground.clock)
    front = FrontPage(pages, f"{elsewhere}/simulator")
    return [
        *static_routes(),
        *ErrorDocs(pages).routes(),
        *LaunchPages(service.launch_sessions, pages, origins).routes(),
        *PatientSite(service.patient_sessions, service.dossiers, service.companies, pages, front, origins).routes(),
        *DemoSignIn(patients, service.patient_sessions, pages, ground.rules, origins).routes(),
        *DemoLogin(patients, service.issuer, ground.clock, ground.rules).routes(),
        *Simulator(ehr, service.dossiers, pages, ground.rules, ground.issuer).routes(),
    ]


def _on_localhost(issuer: str) -> str:
    """Return the issuer's URL under the name localhost: the same demo, but for the browser another site."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://localhost" + (f":{parts.port}" if parts.port else "")


def _key(named: Path | None, own: Path) -> bytes:
    """Return the key of the settings, or the demo's own, made on the first start."""
    if named is None and not own.exists():
        make_key(own)
    return read_key(named or own)


def _hosts(settings: Settings, issuer: str) -> frozenset[str]:
    named = (host.strip().lower() for host in settings.issuer.hosts.split(","))
    return frozenset({urlsplit(issuer).hostname or "", "localhost", *filter(None, named)})


def _lifespan(service: Service) -> Callable[[Router], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_router: Router) -> AsyncIterator[None]:
        async with housekeeping(service.ground.databases.identity, service.ground.clock):
            typer.echo(f"Ready: {service.ground.issuer}")
            yield

    return lifespan
