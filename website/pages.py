"""Templates to pages: everything escaped, and a name that was not given is an error instead of a gap."""

from collections.abc import Mapping
from datetime import datetime

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse


class Pages:
    """Renders the templates of this package and of the `packages` named, whose templates can extend `base.html`."""

    def __init__(self, *packages: str) -> None:
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(package) for package in ("website", *packages)]),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["moment"] = _moment

    def show(
        self, template: str, status: int = 200, *, headers: Mapping[str, str] | None = None, **values: object
    ) -> HTMLResponse:
        """Return the page that a template makes of `values`."""
        return HTMLResponse(self._environment.get_template(template).render(values), status, headers)


def _moment(at: datetime) -> Markup:
    """A moment in UTC, for people and for machines."""
    return Markup('<time datetime="{}">{}</time>').format(
        at.strftime("%Y-%m-%dT%H:%M:%SZ"), f"{at.day} {at.strftime('%B %Y, %H:%M')} UTC"
    )
