"""The sign-in connected: from the settings to the pages."""

from typing import Final
from urllib.parse import urlsplit

from common.errors import SettingsError
from common.key_files import read_given_secret
from common.settings import Settings, is_loopback
from keys.service_keys import read_private_key
from services.ground import Ground
from services.openid.library import Credential
from services.openid.provider import Provider
from services.openid.sign_in import OpenIdSignIn, PatientSessions, Pseudoniemen
from services.required import ISSUER, OIDC_CREDENTIAL
from sso.verifier.replay_redis import RedisReplayGuard
from website.pages import Pages

PREFIX: Final = "sso:sign-in:"
"""Of the keys in Redis: the website may read and write these and those of the limits."""


def wire_sign_in(
    ground: Ground, settings: Settings, pseudoniemen: Pseudoniemen, sessions: PatientSessions, pages: Pages
) -> OpenIdSignIn:
    """Connect the sign-in of patients. Raises SettingsError; the provider is not asked yet."""
    require_https(settings)
    oidc = settings.patients.oidc
    return OpenIdSignIn(
        provider=Provider(oidc, credential_of(settings), ground.issuer, ground.rules),
        guard=RedisReplayGuard(ground.redis, PREFIX),
        pseudoniemen=pseudoniemen,
        sessions=sessions,
        limits=ground.limits,
        pages=pages,
        clock=ground.clock,
    )


def credential_of(settings: Settings) -> Credential:
    """Return with what we prove to the provider who we are. Raises SettingsError."""
    file = OIDC_CREDENTIAL.of(settings)
    return read_private_key(file) if settings.patients.oidc.client_key_file else read_given_secret(file)


def require_https(settings: Settings) -> None:
    """Raise SettingsError where no browser would keep our cookies: by http, unless it is of this very machine."""
    url = urlsplit(ISSUER.of(settings))
    if url.scheme != "https" and not is_loopback(url.hostname):
        raise SettingsError("SSO_ISSUER__URL is wrong: for patients to sign in it should be an https:// URL.")
