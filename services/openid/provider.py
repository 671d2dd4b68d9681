"""The provider: what it publishes of itself, and what it says in exchange for a code. Authlib's client does the asking.

Where the library leaves something open, it is closed here: which algorithms sign an ID token (never what a provider
lists by itself: `none`, a MAC), whose an ID token is, that the document is the issuer's own, and how long all of it
may take.
"""

import asyncio
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign

from common.errors import ServiceError, Unavailable
from common.settings import OidcSettings
from keys.client_key import ClientKey
from schemas.base import Rules
from services.openid.attempt import Attempt
from services.openid.claims import Claims, Vouched, failed, require_assurance, require_same_subject, vouched
from services.single_flight import SingleFlight

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
"""With which an ID token can be signed; a provider that names none signs with RS256 (OpenID Connect Core 2)."""

_KEY_TYPES: Final = ("RSA", "EC")

KEPT: Final = 3600.0
"""Seconds that what it publishes is used, its keys among it. A key that is not among them is looked for at once."""

_PAUSE: Final = 2.0
"""Seconds without asking a provider that did not answer."""

_DISCOVERY_SECONDS: Final = 3.0
_EXCHANGE_SECONDS: Final = 5.0
"""For token, keys and userinfo together: before the gateway gives up."""

_LEEWAY: Final = 60
"""Seconds that its clock may be wrong."""

_ASSERTION_SECONDS: Final = 60

_REQUIRED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL: Final = ("userinfo_endpoint", "end_session_endpoint")
_SAYS_ISS: Final = "authorization_response_iss_parameter_supported"
_OUR_FAULT: Final = ("invalid_client", "unauthorized_client")

Credential = str | ClientKey
"""The secret that the provider has given us, or a key of ours that it knows."""

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
        self._known: StarletteOAuth2App | None = None
        self._known_at = 0.0
        self._not_before = 0.0
        self._discovery = SingleFlight(self._discover)

    async def authorization_url(self, attempt: Attempt) -> str:
        """Return where a patient signs in (RFC 6749 4.1.1, RFC 7636). Raises Unavailable."""
        app = await self._app()
        asked = {"state": attempt.state, "nonce": attempt.nonce, "code_verifier": attempt.verifier}
        if self._settings.acr_values:
            asked["acr_values"] = self._settings.acr_values
        return str((await app.create_authorization_url(self._redirect_uri, **asked))["url"])

    async def sign_out_url(self) -> str | None:
        """Return where a patient signs out of the provider too, None if it has no such place. Raises Unavailable.

        Without `id_token_hint`: the ID token can hold the BSN, and this is a URL. `client_id` stands in its place
        (OpenID Connect RP-Initiated Logout 2).
        """
        place = (await self._app()).server_metadata.get("end_session_endpoint")
        if place is None:
            return None
        told = {"client_id": self._settings.client_id, "post_logout_redirect_uri": f"{self._site}/"}
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(told)}"

    async def says_iss(self) -> bool:
        """Return whether it names itself when a browser returns (RFC 9207). Raises Unavailable."""
        return (await self._app()).server_metadata.get(_SAYS_ISS) is True

    async def exchange(self, code: str, attempt: Attempt) -> Vouched:
        """Return for whom the provider vouches in exchange for a code. Raises SignInFailed or Unavailable."""
        app = await self._app()
        try:
            async with asyncio.timeout(_EXCHANGE_SECONDS):
                return await self._exchanged(app, code, attempt)
        except ServiceError:
            raise
        except (httpx2.HTTPError, TimeoutError) as error:
            raise _unavailable(type(error).__name__) from None
        except OAuthError as error:
            if error.error in _OUR_FAULT:
                _log.error("the provider does not take our credentials", cure="look at SSO_PATIENTS__OIDC__CLIENT_…")
                raise _unavailable("our credentials were refused") from None
            raise failed("provider_refused", "the code was refused") from None
        except Exception as error:  # the library hands on whatever an answer makes of it
            raise failed("id_token_rejected", type(error).__name__) from None

    async def _exchanged(self, app: StarletteOAuth2App, code: str, attempt: Attempt) -> Vouched:
        token = await app.fetch_access_token(redirect_uri=self._redirect_uri, code=code, code_verifier=attempt.verifier)
        told = {"iss": {"essential": True, "value": self.issuer}}
        told["aud"] = {"essential": True, "value": self._settings.client_id or ""}
        claims: Claims | None = await app.parse_id_token(
            token, nonce=attempt.nonce, claims_options=told, leeway=_LEEWAY
        )
        if claims is None:
            raise failed("id_token_rejected", "no ID token")
        require_assurance(claims, self._settings)
        if self._settings.bsn_claim not in claims and "userinfo_endpoint" in app.server_metadata:
            more = dict(await app.userinfo(token=token))
            require_same_subject(claims, more)
            claims = {**more, **claims}
        return vouched(claims, self._settings, self._rules)

    async def _app(self) -> StarletteOAuth2App:
        """Return Authlib's client with what the provider publishes. Raises Unavailable."""
        if self._known is not None and self._seconds() - self._known_at < KEPT:
            return self._known
        if self._seconds() < self._not_before:
            raise _unavailable("it has just not answered")
        return await self._discovery.join()

    async def _discover(self) -> StarletteOAuth2App:
        app = self._client()
        try:
            async with asyncio.timeout(_DISCOVERY_SECONDS):
                published = await app.load_server_metadata()
            app.server_metadata = _checked(published, self.issuer)
        except Exception as error:  # of the network, of JSON, of what is in it
            self._not_before = self._seconds() + _PAUSE
            cause = str(error) if isinstance(error, _NotTheProvider) else type(error).__name__
            _log.warning("no answer", service="the identity provider", cause=cause)
            raise _unavailable(cause) from None
        self._known, self._known_at = app, self._seconds()
        return app

    def _client(self) -> StarletteOAuth2App:
        by_key = isinstance(self._credential, ClientKey)
        return _App(
            StarletteIntegration("patients"),
            client_id=self._settings.client_id,
            client_secret=self._credential,
            client_auth_methods=[_Assertion(self.issuer), _Basic()],
            server_metadata_url=f"{self.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": self._settings.scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "private_key_jwt" if by_key else "client_secret_basic",
                "verify": self._tls,
                "timeout": _EXCHANGE_SECONDS,
                "trust_env": False,
            },
        )

    @property
    def _redirect_uri(self) -> str:
        return f"{self._site}/sign-in/callback"


class _App(StarletteOAuth2App):  # type: ignore[misc]  # the library has no types
    """Takes of a key set what can sign; one key that it does not know would spoil all (RFC 7517 5)."""

    async def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - the library's own
        keys = (await super().fetch_jwk_set(force=force))["keys"]
        return {"keys": [key for key in keys if key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"]}


class _Assertion(PrivateKeyJWT):  # type: ignore[misc]  # the library has no types
    """A client assertion for one use, about now, for the issuer and nobody else (RFC 7523)."""

    def sign(self, auth: Any, token_endpoint: str) -> str:  # noqa: ANN401 - the library's own
        ours: ClientKey = auth.client_secret
        return str(
            private_key_jwt_sign(ours.key, auth.client_id, token_endpoint, ours.alg, expires_in=_ASSERTION_SECONDS)
        )


class _Basic:
    """Client id and secret as RFC 6749 2.3.1 writes them: each percent-encoded, which the library leaves out."""

    name = "client_secret_basic"

    def __call__(self, auth: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:  # noqa: ANN401 - the library's own
        written = ":".join(quote_plus(part) for part in (auth.client_id, auth.client_secret))
        headers["Authorization"] = f"Basic {b64encode(written.encode()).decode()}"
        return uri, headers, body


class _NotTheProvider(ValueError):
    """What was published is not what the issuer in the settings may publish."""


def _checked(published: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    """Return of a discovery document what is used (OpenID Connect Discovery 4.3). Raises ValueError."""
    if published.get("issuer") != issuer:
        raise _NotTheProvider("its document names another issuer")
    scheme = urlsplit(issuer).scheme
    used = {name: published[name] for name in (*_REQUIRED, *_OPTIONAL) if published.get(name) is not None}
    missing = [name for name in _REQUIRED if name not in used]
    if missing:
        raise _NotTheProvider(f"its document does not name {missing[0]}")
    for name, url in used.items():
        if not isinstance(url, str) or urlsplit(url).scheme != scheme or not urlsplit(url).hostname:
            raise _NotTheProvider(f"its {name} is no {scheme} URL")
    listed = published.get("id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = [algorithm for algorithm in ALGORITHMS if algorithm in listed]
    if not algorithms:
        raise _NotTheProvider("it signs with no algorithm that we take")
    return {
        **used,
        "issuer": issuer,
        "id_token_signing_alg_values_supported": algorithms,
        _SAYS_ISS: published.get(_SAYS_ISS) is True,
        "_loaded_at": published["_loaded_at"],
    }


def _unavailable(cause: str) -> Unavailable:
    return Unavailable("the identity provider", private=f"the identity provider: {cause}")
