"""Production in one process: every route of the service, and nothing of the demo."""

from functools import partial

import uvloop
from starlette.requests import Request
from starlette.responses import Response

from common.clock import wall_clock
from common.http.context import RequestContext
from common.settings import Settings
from schemas.base import Rules
from services.composition import application, host_names, run, site_routes
from services.ground import open_ground
from services.migrate import require_current
from services.required import complete
from services.server import bind
from services.wiring import Service
from website.pages import Pages


def run_all(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped. Raises SettingsError if a setting is missing or wrong, or a schema is not current."""
    needed = complete(settings)
    ground = open_ground(needed, wall_clock, Rules())
    hosts = host_names(needed.issuer, settings.issuer.hosts)
    with bind(host, port) as listener:
        app = partial(production_app, hosts=hosts)
        uvloop.run(run(ground, listener, proxies=settings.issuer.proxies, schema=require_current, make_app=app))


async def production_app(service: Service, hosts: frozenset[str]) -> RequestContext:
    """Return production's application."""
    pages = Pages()

    async def front(_request: Request) -> Response:
        return pages.show("signed_out.html")

    routes = site_routes(service, pages, front, frozenset({service.ground.issuer}))
    return application(service, routes, hosts)
