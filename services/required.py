"""What a composition cannot do without: each setting by name, or one sentence that names all that are missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from common.errors import SettingsError
from common.settings import ServiceSettings, Settings
from services.databases import OWNERS, Owner, urls_of

T = TypeVar("T")


@dataclass(frozen=True)
class Need(Generic[T]):
    """A setting that has no default. `name` is what an operator reads."""

    name: str
    read: Callable[[Settings], T | None]

    def of(self, settings: Settings) -> T:
        """Return the setting. Raises SettingsError if it is missing."""
        value = self.read(settings)
        if value is None:
            raise _missing(self.name)
        return value


ISSUER: Final = Need[str]("SSO_ISSUER__URL (our public URL, such as https://sso.example.nl)", lambda s: s.issuer.url)
REDIS: Final = Need[str]("SSO_REDIS__URL (redis://user:password@host:port/0)", lambda s: s.redis.url)
SEALING_KEY: Final = Need[Path]("SSO_KEYS__SEALING_FILE (`sso keys init` makes it)", lambda s: s.keys.sealing_file)
DIGEST_KEY: Final = Need[Path]("SSO_KEYS__DIGEST_FILE (`sso keys init` makes it)", lambda s: s.keys.digest_file)


def database_of(owner: Owner) -> Need[str]:
    """Return the need of one owner's database URL."""
    name = f"SSO_DATABASE__{owner.name.upper()}_URL (postgresql://user:password@host/name)"
    return Need(name, lambda settings: urls_of(settings.database).get(owner.name))


DATABASES: Final = tuple(database_of(owner) for owner in OWNERS)
_ONE_FOR_ALL: Final = "SSO_DATABASE__URL (postgresql://user:password@host/name, or one for each owner)"


def peer_url(service: str) -> Need[str]:
    """Return the need of the address of another service of ours: identity, pseudoniem or dossier."""
    name = f"SSO_PEERS__{service.upper()}_URL (where that service is, such as http://{service}:8000)"
    read = {
        "identity": lambda settings: settings.peers.identity_url,
        "pseudoniem": lambda settings: settings.peers.pseudoniem_url,
        "dossier": lambda settings: settings.peers.dossier_url,
    }
    return Need(name, read[service])


def own_credential(service: str) -> Need[ServiceSettings]:
    """Return the need of that by which the service that we are proves who it is."""

    def read(settings: Settings) -> ServiceSettings | None:
        given = settings.services.get(service)
        return given if given and (given.private_key_file or given.secret_file) else None

    halves = "of the pair that `sso keys service` makes; its other half is for identity"
    return Need(f"SSO_SERVICES__{service.upper()}__PRIVATE_KEY_FILE ({halves})", read)


def known_service(service: str) -> Need[ServiceSettings]:
    """Return the need of that by which identity knows one of our services."""

    def read(settings: Settings) -> ServiceSettings | None:
        given = settings.services.get(service)
        return given if given and (given.public_key_file or given.secret_file) else None

    halves = "of the pair that `sso keys service` makes; its other half is for the service alone"
    return Need(f"SSO_SERVICES__{service.upper()}__PUBLIC_KEY_FILE ({halves})", read)


OIDC_ISSUER: Final = Need[str](
    "SSO_PATIENTS__OIDC__ISSUER (the URL of the identity provider)", lambda s: s.patients.oidc.issuer
)
OIDC_CLIENT: Final = Need[str](
    "SSO_PATIENTS__OIDC__CLIENT_ID (the name that it has given us)", lambda s: s.patients.oidc.client_id
)
OIDC_CREDENTIAL: Final = Need[Path](
    "SSO_PATIENTS__OIDC__CLIENT_SECRET_FILE (the secret that it has given us) or SSO_PATIENTS__OIDC__CLIENT_KEY_FILE",
    lambda s: s.patients.oidc.client_secret_file or s.patients.oidc.client_key_file,
)


def sign_in_needs(settings: Settings) -> Sequence[Need[Any]]:
    """Return the needs of the sign-in of patients: none as long as nothing of it is set."""
    needs = (OIDC_ISSUER, OIDC_CLIENT, OIDC_CREDENTIAL)
    return needs if any(need.read(settings) is not None for need in needs) else ()


def website_sign_in_needs(settings: Settings) -> Sequence[Need[Any]]:
    """Return the same of the website apart, which then asks for pseudoniemen."""
    needs = sign_in_needs(settings)
    return (*needs, peer_url("pseudoniem")) if needs else ()


def require(settings: Settings, *needs: Need[Any]) -> None:
    """Raise SettingsError with everything that is missing."""
    missing = [need for need in needs if need.read(settings) is None]
    names = [need.name for need in missing if need not in DATABASES]
    databases = [need.name for need in missing if need in DATABASES]
    if len(databases) == len(OWNERS):
        databases = [_ONE_FOR_ALL]
    if missing:
        raise _missing(*names, *databases)


def _missing(*names: str) -> SettingsError:
    return SettingsError(f"Set what is missing: {', '.join(names)}.")
