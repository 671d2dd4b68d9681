"""What a composition cannot do without: settings of which nothing is missing, or a sentence that names what is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.errors import SettingsError
from common.settings import DatabaseSettings, Settings
from services.databases import OWNERS, urls_of

_DATABASE: Final = "SSO_DATABASE__URL (postgresql://user:password@host/name, or one for each owner)"


@dataclass(frozen=True, slots=True)
class Complete:
    """Settings of which nothing is missing. `settings` are those that have a default of their own."""

    issuer: str
    redis_url: str
    database_urls: Mapping[str, str]
    sealing_file: Path
    digest_file: Path
    settings: Settings


def complete(settings: Settings) -> Complete:
    """Return the settings if nothing is missing. Raises SettingsError with all that is."""
    urls, keys = urls_of(settings.database), settings.keys
    match settings.issuer.url, settings.redis.url, keys.sealing_file, keys.digest_file:
        case str(issuer), str(redis_url), Path() as sealing_file, Path() as digest_file if _for_all(urls):
            return Complete(issuer, redis_url, urls, sealing_file, digest_file, settings)
    given = {
        "SSO_ISSUER__URL (our public URL, such as https://sso.example.nl)": settings.issuer.url,
        "SSO_REDIS__URL (redis://user:password@host:port/0)": settings.redis.url,
        _DATABASE: urls if _for_all(urls) else None,
        "SSO_KEYS__SEALING_FILE (`sso keys init` makes it)": keys.sealing_file,
        "SSO_KEYS__DIGEST_FILE (`sso keys init` makes it)": keys.digest_file,
    }
    raise _missing(*(name for name, value in given.items() if value is None))


def database_urls(settings: DatabaseSettings) -> Mapping[str, str]:
    """Return the URL of every owner's database. Raises SettingsError if one is missing."""
    urls = urls_of(settings)
    if not _for_all(urls):
        raise _missing(_DATABASE)
    return urls


def _for_all(urls: Mapping[str, str]) -> bool:
    return all(owner.name in urls for owner in OWNERS)


def _missing(*names: str) -> SettingsError:
    return SettingsError(f"Set what is missing: {', '.join(names)}.")
