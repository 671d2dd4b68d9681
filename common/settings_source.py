"""Reading the settings, once, at the start: a TOML file, and `SSO_*` variables that go before it.

`[redis] url = "…"` in the file is `SSO_REDIS__URL` in the environment. The only reader of both.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError

from common.errors import SettingsError
from common.settings import Settings

PREFIX: Final = "SSO_"
CONFIG: Final = "SSO_CONFIG"
"""The variable that names the TOML file; no setting itself."""

Place = tuple[str, ...]
"""Where a setting is: `("redis", "url")`."""


@dataclass(frozen=True, slots=True)
class Given:
    """The settings, the names of `SSO_*` variables that mean nothing, and where what was given comes from."""

    settings: Settings
    unknown: Sequence[str]
    sources: Mapping[Place, str]


def read_settings(environment: Mapping[str, str], config: Path | None = None) -> Given:
    """Return the settings of the file `config`, else of the one in SSO_CONFIG, and above them the environment's.

    Raises SettingsError for what cannot be: its sentence names the setting and never shows a value.
    """
    file = config or (Path(environment[CONFIG]) if environment.get(CONFIG) else None)
    table = _read_toml(file) if file else {}
    _validated(table, lambda place: f"{'.'.join(place)} in {file}")
    variables = _variables(environment)
    known = {place: value for place, value in variables.items() if _is_setting(place)}
    settings = _validated(_overlaid(table, known), variable)
    sources = {place: str(file) for place, _ in flattened(table)} | {place: variable(place) for place in known}
    return Given(settings, sorted(variable(place) for place in variables.keys() - known.keys()), sources)


def variable(place: Place) -> str:
    """Return the name of the variable for a setting."""
    return PREFIX + "__".join(place).upper()


def flattened(table: Mapping[str, Any], within: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield every value of a nested table with its place."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flattened(value, (*within, key))
        else:
            yield (*within, key), value


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The settings file {file} is not UTF-8: save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {file} is not TOML: {error}.") from None


def _variables(environment: Mapping[str, str]) -> dict[Place, str]:
    return {
        tuple(name.removeprefix(PREFIX).lower().split("__")): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name != CONFIG
    }


def _is_setting(place: Place, kind: Any = Settings) -> bool:  # noqa: ANN401 - an annotation is of no one type
    if get_origin(kind) is Mapping:
        return bool(place) and _is_setting(place[1:], get_args(kind)[1])
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return not place
    field = kind.model_fields.get(place[0]) if place else None
    return field is not None and _is_setting(place[1:], field.annotation)


def _overlaid(table: Mapping[str, Any], above: Mapping[Place, str]) -> dict[str, Any]:
    merged = dict(table)
    for (first, *rest), value in above.items():
        merged[first] = _overlaid(merged.get(first, {}), {tuple(rest): value}) if rest else value
    return merged


def _validated(values: Mapping[str, Any], named: Callable[[Place], str]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
    name = named(tuple(str(part) for part in fault["loc"] if part != "[key]"))
    if fault["type"] == "extra_forbidden":
        raise SettingsError(f"{name} is no setting: `sso config show` lists those that there are.")
    if fault["type"] == "missing":
        raise SettingsError(f"{name} is missing: set it.")
    said = fault["msg"].removeprefix("Value error, ").replace("Input should", "should").replace("String ", "")
    raise SettingsError(f"{name} is wrong: it {said}.")
