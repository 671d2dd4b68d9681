"""What the settings say of our own services: of each its secret or its key, as identity knows it and as it has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from common.errors import SettingsError
from common.key_files import read_secret
from common.settings import ServiceSettings, Settings
from keys.service_keys import ServiceKey, read_private_key, read_public_key
from services.ground import Ground
from sso.issuer.clients import secret_digest
from sso.issuer.services import ServiceAuthentication
from sso.verifier.replay_redis import RedisReplayGuard
from sso.verifier.service_assertions import ServiceAssertions, SignedByService
from sso.verifier.store_sql import SqlServiceAssertions

TOKEN_PATH: Final = "/auth/token/internal"


@dataclass(frozen=True, slots=True)
class OwnServices:
    """Who may ask for internal tokens, by name: the digests of secrets, and public keys."""

    secrets: Mapping[str, bytes]
    keys: Mapping[str, ServiceKey]

    def authentication(self, ground: Ground) -> ServiceAuthentication[SignedByService]:
        """Return how they prove who they are."""
        audiences = (ground.issuer, f"{ground.issuer}{TOKEN_PATH}")
        spent = SqlServiceAssertions(ground.databases.identity)
        assertions = ServiceAssertions(self.keys, audiences, RedisReplayGuard(ground.redis), spent)
        return ServiceAuthentication(self.secrets, assertions)


def read_own_services(settings: Settings) -> OwnServices:
    """Return our own services as identity knows them.

    Raises SettingsError, also if two have the same secret or key, or if there is a private key: that is its service's.
    """
    given = settings.services.items()
    for name, service in given:
        if service.private_key_file is not None:
            variable = f"SSO_SERVICES__{name.upper()}"
            raise SettingsError(
                f"{variable}__PRIVATE_KEY_FILE is for {name} alone: set {variable}__PUBLIC_KEY_FILE here."
            )
    secrets = {name: secret_digest(read_secret(one.secret_file)) for name, one in given if one.secret_file is not None}
    keys = {name: read_public_key(one.public_key_file) for name, one in given if one.public_key_file is not None}
    if len(set(secrets.values())) < len(secrets):
        raise SettingsError("Two services have the same secret: make each its own, with `openssl rand -hex 32`.")
    if len({key.kid for key in keys.values()}) < len(keys):
        raise SettingsError("Two services have the same key: make each its own, with `sso keys service`.")
    return OwnServices(secrets, keys)


def read_own_credential(own: ServiceSettings) -> str | ServiceKey:
    """Return the secret or the private key of the service that we are; it has one, as `own_credential` sees to.

    Raises SettingsError.
    """
    if own.secret_file is not None:
        return read_secret(own.secret_file)
    return read_private_key(cast("Path", own.private_key_file))
