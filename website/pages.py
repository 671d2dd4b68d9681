"""Templates to pages: everything escaped, in the reader's language, and a name that was not given is an error."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from website.language import Language, language_of, place_of
from website.static import address_of
from website.translations import translations

_REFUSED: Final = 400
"""From this status on the page is about a refusal: what was in its address is not for a second try."""

_AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")


class Pages:
    """Renders the templates of this package and of the `packages` named, whose templates can extend `base.html`."""

    def __init__(self, *packages: str) -> None:
        self._environments = {language: _environment(language, "website", *packages) for language in Language}

    def show(
        self,
        request: Request,
        template: str,
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        """Return the page that a template makes of `values`, in the language of who asks."""
        language = language_of(request)
        here = place_of(request) if status < _REFUSED else None
        page = self.render(template, language, here, **values)
        return HTMLResponse(page, status, {"Content-Language": language, **(headers or {})})

    def render(self, template: str, language: Language, here: str | None = None, /, **values: object) -> str:
        """Return a page as text. `here` is where the switch of language leads back to; without it there is none."""
        return self._environments[language].get_template(template).render(**values, here=here)


def _environment(language: Language, *packages: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    # Not the "newstyle", which takes whatever `_(…)` is given for markup: here a text that was looked up is escaped.
    environment.install_gettext_translations(translations(language, *packages), newstyle=False)  # type: ignore[attr-defined] # the extension adds it
    environment.globals.update(language=language, static=address_of)
    environment.filters["moment"] = partial(_moment, language)
    return environment


def _moment(language: Language, at: datetime) -> Markup:
    """A moment as the clocks of the Netherlands have it, for people, and in UTC for machines."""
    here = at.astimezone(_AMSTERDAM)
    twice = here.replace(fold=0).utcoffset() != here.replace(fold=1).utcoffset()  # the hour in which summer time ends
    shown = format_datetime(at, "d MMMM y, HH:mm, zzzz" if twice else "d MMMM y, HH:mm", _AMSTERDAM, language)
    return Markup('<time datetime="{}">{}</time>').format(at.strftime("%Y-%m-%dT%H:%M:%SZ"), shown)
