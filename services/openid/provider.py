"""The provider: where patients sign in and out, and for whom it vouches. Authlib's client does the asking.

Whatever goes wrong is one of two: the provider cannot be asked (Unavailable), or has not said who it is (SignInFailed).
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError

from common.errors import ServiceError, Unavailable
from common.settings import OidcSettings
from schemas.base import Rules
from services.openid.attempt import Attempt
from services.openid.claims import (
    LEEWAY,
    Claims,
    Vouched,
    failed,
    require_assurance,
    require_fresh,
    require_same_subject,
    vouched,
)
from services.openid.library import Client, Credential, NoKeys, make_client
from services.openid.published import SAYS_ISS, NotTheProvider, checked
from services.single_flight import SingleFlight

KEPT: Final = 3600.0
"""Seconds that what it publishes is used, its keys among it. A `kid` that is not among them is looked for at once."""

_PAUSE: Final = 2.0
"""Seconds without asking a provider that did not answer."""

_DISCOVERY_SECONDS: Final = 3.0
_EXCHANGE_SECONDS: Final = 5.0
"""For token, keys and userinfo together."""

_OUR_FAULT: Final = ("invalid_client", "unauthorized_client")

_log = structlog.get_logger("openid")


class Provider:
    """One provider. What it publishes is fetched when it is first needed, so that we start without it."""

    def __init__(
        self,
        settings: OidcSettings,
        credential: Credential,
        site: str,
        rules: Rules,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`credential` is what proves who we are, `site` our own URL; `seconds` a clock nobody sets."""
        self.issuer = settings.issuer or ""
        self._settings = settings
        self._credential = credential
        self._site = site
        self._rules = rules
        self._seconds = seconds
        self._tls = ssl.create_default_context()
        self._known: Client | None = None
        self._known_at = 0.0
        self._not_before = 0.0
        self._discovery = SingleFlight(self._discover)

    async def authorization_url(self, attempt: Attempt) -> str:
        """Return where a patient signs in (RFC 6749 4.1.1, RFC 7636). Raises Unavailable."""
        app = await self._app()
        asked = {"state": attempt.state, "nonce": attempt.nonce, "code_verifier": attempt.verifier}
        asked["prompt"] = "login"  # a session that somebody left open there signs nobody in here
        if self._settings.acr_values:
            asked["acr_values"] = self._settings.acr_values
        return str((await app.create_authorization_url(self._redirect_uri, **asked))["url"])

    async def sign_out_url(self) -> str | None:
        """Return where a patient signs out of the provider too, None if it has no such place. Raises Unavailable.

        What it published counts here however old it is: signing out does not wait for an answer.

        Without `id_token_hint`: the ID token can hold the BSN, and this is a URL. `client_id` stands in its place
        (OpenID Connect RP-Initiated Logout 2).
        """
        place = (self._known or await self._app()).server_metadata.get("end_session_endpoint")
        if place is None:
            return None
        told = {"client_id": self._settings.client_id, "post_logout_redirect_uri": f"{self._site}/"}
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(told)}"

    async def says_iss(self) -> bool:
        """Return whether it names itself when a browser returns (RFC 9207). Raises Unavailable."""
        return (await self._app()).server_metadata.get(SAYS_ISS) is True

    async def exchange(self, code: str, attempt: Attempt) -> Vouched:
        """Return for whom the provider vouches in exchange for a code. Raises SignInFailed or Unavailable."""
        app = await self._app()
        try:
            async with asyncio.timeout(_EXCHANGE_SECONDS):
                return await self._exchanged(app, code, attempt)
        except ServiceError:
            raise
        except (httpx2.HTTPError, TimeoutError, NoKeys) as error:
            raise unavailable(type(error).__name__) from None
        except OAuthError as error:
            if error.error in _OUR_FAULT:
                _log.error("the provider does not take our credentials", cure="look at SSO_PATIENTS__OIDC__CLIENT_…")
                raise unavailable("our credentials were refused") from None
            raise failed("provider_refused", "the code was refused") from None
        except Exception as error:  # the library hands on whatever an answer makes of it
            raise failed("id_token_rejected", type(error).__name__) from None

    async def _exchanged(self, app: Client, code: str, attempt: Attempt) -> Vouched:
        token = await app.fetch_access_token(redirect_uri=self._redirect_uri, code=code, code_verifier=attempt.verifier)
        told = {"iss": {"essential": True, "value": self.issuer}}
        told["aud"] = {"essential": True, "value": self._settings.client_id or ""}
        claims: Claims | None = await app.parse_id_token(token, nonce=attempt.nonce, claims_options=told, leeway=LEEWAY)
        if claims is None:
            raise failed("id_token_rejected", "no ID token")
        require_fresh(claims, attempt.began)
        require_assurance(claims, self._settings)
        if self._settings.bsn_claim not in claims and "userinfo_endpoint" in app.server_metadata:
            more = dict(await app.userinfo(token=token))
            require_same_subject(claims, more)
            claims = {**more, **claims}
        return vouched(claims, self._settings, self._rules)

    async def _app(self) -> Client:
        """Return Authlib's client with what the provider publishes. Raises Unavailable."""
        if self._known is not None and self._seconds() - self._known_at < KEPT:
            return self._known
        if self._seconds() < self._not_before:
            raise unavailable("it has just not answered")
        return await self._discovery.join()

    async def _discover(self) -> Client:
        app = make_client(self._settings, self._credential, self._tls)
        try:
            async with asyncio.timeout(_DISCOVERY_SECONDS):
                published = await app.load_server_metadata()
            app.server_metadata = checked(published, self.issuer)
        except Exception as error:  # of the network, of JSON, of what is in it
            self._not_before = self._seconds() + _PAUSE
            cause = str(error) if isinstance(error, NotTheProvider) else type(error).__name__
            _log.warning("no answer", service="the identity provider", cause=cause)
            raise unavailable(cause) from None
        self._known, self._known_at = app, self._seconds()
        return app

    @property
    def _redirect_uri(self) -> str:
        return f"{self._site}/sign-in/callback"


def unavailable(cause: str) -> Unavailable:
    """Return the refusal of what cannot be decided without the provider; `cause` is for the log."""
    return Unavailable("the identity provider", private=f"the identity provider: {cause}")
