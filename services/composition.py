"""What the compositions share: from the ground and the routes of a service to an application."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from common.http.app import create_app
from common.http.routing import Resource
from services.ground import Ground
from services.health import HealthEndpoints
from services.metrics import make_metrics
from services.openapi.document import Areas
from services.openapi.routes import OpenApi, served_by
from services.wiring import Identity
from website.error_docs import ErrorDocs
from website.errors import error_page
from website.language import LanguageSwitch
from website.launch_pages import LaunchPages
from website.pages import Pages
from website.patient_site import Companies, PatientSite, Sessions, to_first_page
from website.patient_site import Dossiers as HeldDossiers
from website.registration_pages import RegistrationPages
from website.static import static_routes


def application(
    ground: Ground,
    routes: Sequence[Resource],
    *,
    metrics: Path | None,
    pages: Pages | None = None,
    described: Areas | None = None,
) -> ASGIApp:
    """Return the application of a composition: its routes, and those that every one has.

    It describes the operations that it serves, or those `described`; `metrics` is where its workers keep their figures.
    `pages` makes those that every composition has: the website's, without another's around them.
    """
    pages = pages or Pages()
    figures = make_metrics(metrics)
    served = [*HealthEndpoints(ground.databases, ground.redis).routes(), *figures.routes(), *routes]
    openapi = OpenApi(described or served_by(served), ground.issuer, pages)
    return create_app(
        [*served, *openapi.routes()],
        hosts=ground.hosts,
        https=ground.issuer.startswith("https:"),
        error_page=partial(error_page, pages=pages),
        observe=figures.observe,
        refused=ground.counter.count,
        limits=ground.limits,
    )


def launch_page_routes(identity: Identity, pages: Pages, origins: Collection[str]) -> list[Resource]:
    """Return the pages of a launch. `origins` are those of our own pages."""
    sessions = identity.launch_sessions
    return [
        *LaunchPages(sessions, pages, origins).routes(),
        *RegistrationPages(identity.registrations, sessions, pages, origins).routes(),
    ]


def patient_site_routes(
    sessions: Sessions,
    dossiers: HeldDossiers,
    companies: Companies,
    pages: Pages,
    front: Callable[[Request], Awaitable[Response]],
    origins: Collection[str],
    farewell: Callable[[Request], Awaitable[Response]] = to_first_page,
) -> list[Resource]:
    """Return the patient's site and what belongs to no service. `front` and `farewell` are as it says."""
    return [
        *static_routes(),
        *LanguageSwitch(origins).routes(),
        *ErrorDocs(pages).routes(),
        *PatientSite(sessions, dossiers, companies, pages, front, origins, farewell).routes(),
    ]
