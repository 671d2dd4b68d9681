"""The settings, from `SSO_*` environment variables: `SSO_REDIS__URL` is `redis.url`. Read once, at the start."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from common.errors import SettingsError

PREFIX: Final = "SSO_"


def _http_origin(url: str) -> str:
    with suppress(ValueError):  # half an address, or a port that is none
        parts = urlsplit(url)
        alone = parts.port != 0 and parts.username is None and url == f"{parts.scheme}://{parts.netloc}"
        if alone and parts.scheme in {"http", "https"} and parts.hostname:
            return url
    raise ValueError("is scheme://host or scheme://host:port, without a path")


def _redis_url(url: str) -> str:
    if urlsplit(url).scheme not in {"redis", "rediss"}:
        raise ValueError("is redis://… or rediss://…")
    return url


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class IssuerSettings(_Section):
    """`url`: our public URL. `hosts`: further host names that we answer to, with commas between them."""

    url: Annotated[str, AfterValidator(_http_origin)] | None = None
    hosts: str = ""


class RedisSettings(_Section):
    url: Annotated[str, AfterValidator(_redis_url)] | None = None


class DatabaseSettings(_Section):
    """`url` is for all owners; an owner's own goes before it."""

    url: str | None = None
    identity_url: str | None = None
    pseudoniem_url: str | None = None
    dossier_url: str | None = None


class KeySettings(_Section):
    sealing_file: Path | None = None
    digest_file: Path | None = None


class Settings(_Section):
    """All settings. What is None has no default here: a composition gives it one, or asks for it."""

    issuer: IssuerSettings = IssuerSettings()
    redis: RedisSettings = RedisSettings()
    database: DatabaseSettings = DatabaseSettings()
    keys: KeySettings = KeySettings()
    data_dir: Path = Path("var")


def read_settings(environment: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Return the settings, and the names of `SSO_*` variables that mean nothing. Raises SettingsError."""
    values: dict[str, Any] = {}
    unknown = []
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        if not _known(section, key):
            unknown.append(name)
        elif key:
            values.setdefault(section, {})[key] = value
        else:
            values[section] = value
    try:
        return Settings.model_validate(values), sorted(unknown)
    except ValidationError as error:
        detail = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + "__".join(str(part) for part in detail["loc"]).upper()
        raise SettingsError(f"{name} is wrong: it {detail['msg'].removeprefix('Value error, ')}.") from None


def _known(section: str, key: str) -> bool:
    field = Settings.model_fields.get(section)
    if field is None:
        return False
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, _Section):
        return key in kind.model_fields
    return not key
