"""What the compositions in one process share: from the ground to a running application."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import typer
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from common.http.app import create_app
from common.http.context import RequestContext
from common.http.routing import Resource
from services.databases import Databases
from services.housekeeping import housekeeping
from services.metrics import make_metrics
from services.openapi.routes import OpenApi
from services.server import serve
from services.wiring import Ground, Service, api_routes, wire
from website.error_docs import ErrorDocs
from website.errors import error_page
from website.launch_pages import LaunchPages
from website.pages import Pages
from website.patient_site import PatientSite
from website.registration_pages import RegistrationPages
from website.static import static_routes


async def run(
    ground: Ground,
    listener: socket.socket,
    *,
    proxies: str,
    schema: Callable[[Databases], Awaitable[None]],
    make_app: Callable[[Service], Awaitable[ASGIApp]],
) -> None:
    """Serve until we are stopped. `schema` sees to it, first, that the databases have the right one.

    Raises SettingsError if a database or a key is not the right one.
    """
    try:
        await schema(ground.databases)
        await serve(await make_app(await wire(ground)), listener, proxies)
    finally:
        await ground.redis.aclose()
        await ground.databases.close()


def application(service: Service, routes: Sequence[Resource], hosts: frozenset[str]) -> RequestContext:
    """Return the application: the API, and the `routes` of a composition beside it."""
    metrics = make_metrics()
    api = [*api_routes(service), *metrics.routes(), *routes]
    return create_app(
        [*api, *OpenApi(api, service.ground.issuer, Pages()).routes()],
        hosts=hosts,
        https=service.ground.issuer.startswith("https:"),
        error_page=error_page,
        observe=metrics.observe,
        lifespan=lambda _router: _lifespan(service),
    )


def site_routes(
    service: Service, pages: Pages, front: Callable[[Request], Awaitable[Response]], origins: Collection[str]
) -> list[Resource]:
    """Return the routes of the website. `front` is what `/` shows who is not signed in, `origins` are our own."""
    return [
        *static_routes(),
        *ErrorDocs(pages).routes(),
        *LaunchPages(service.launch_sessions, pages, origins).routes(),
        *RegistrationPages(service.registrations, service.launch_sessions, pages, origins).routes(),
        *PatientSite(service.patient_sessions, service.dossiers, service.companies, pages, front, origins).routes(),
    ]


def host_names(issuer: str, further: str) -> frozenset[str]:
    """Return the host names that we answer to: the issuer's, and those `further` ones with commas between them."""
    named = (host.strip().lower() for host in further.split(","))
    return frozenset({urlsplit(issuer).hostname or "", *filter(None, named)})


@asynccontextmanager
async def _lifespan(service: Service) -> AsyncIterator[None]:
    async with housekeeping(service.ground.databases.identity, service.ground.clock):
        typer.echo(f"Ready: {service.ground.issuer}")
        yield
