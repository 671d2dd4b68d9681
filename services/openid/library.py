"""Authlib's Starlette client as it is used here, and what it leaves open closed."""

import ssl
from base64 import b64encode
from typing import Any, Final
from urllib.parse import quote_plus

from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign

from common.settings import OidcSettings
from keys.service_keys import ServiceKey

SECONDS: Final = 5.0
"""For one question to the provider."""

_CURVES: Final = ("P-256", "P-384")
_ASSERTION_SECONDS: Final = 60

Credential = str | ServiceKey
"""The secret that the provider has given us, or a key of ours that it knows."""


class Client(StarletteOAuth2App):  # type: ignore[misc]  # the library has no types
    """Takes of a key set what can sign; one key that it does not know would spoil all (RFC 7517 5)."""

    async def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - the library's own
        """Return the keys that can sign. Raises NoKeys if there are none, and keeps those that there were."""
        known = self.server_metadata.get("jwks")
        try:
            keys = [key for key in (await super().fetch_jwk_set(force=force))["keys"] if _can_sign(key)]
        except (ValueError, TypeError, KeyError):  # a page in place of JSON, or JSON that is no key set
            keys = []
        if not keys:
            self.server_metadata["jwks"] = known
            raise NoKeys("its keys are none that we take")
        return {"keys": keys}


class NoKeys(Exception):
    """Where the provider's keys should be there are none."""


def _can_sign(key: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Return whether a member of a key set can sign an ID token."""
    known = isinstance(key, dict) and key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"
    return known and (key["kty"] == "RSA" or key.get("crv") in _CURVES)


class _Assertion(PrivateKeyJWT):  # type: ignore[misc]  # the library has no types
    """A client assertion for one use, about now, for the issuer and nobody else (RFC 7523).

    Without `kid`: what a provider calls the key that we gave it, it may have chosen itself.
    """

    def sign(self, auth: Any, token_endpoint: str) -> str:  # noqa: ANN401 - the library's own
        ours: ServiceKey = auth.client_secret
        signed: str = private_key_jwt_sign(
            ours.key,
            client_id=auth.client_id,
            token_endpoint=token_endpoint,
            alg="Ed25519" if ours.alg == "EdDSA" else ours.alg,  # the name since RFC 9864
            expires_in=_ASSERTION_SECONDS,
        )
        return signed


class _Basic:
    """Client id and secret as RFC 6749 2.3.1 writes them: each percent-encoded, which the library leaves out."""

    name = "client_secret_basic"

    def __call__(self, auth: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:  # noqa: ANN401 - the library's own
        written = ":".join(quote_plus(part) for part in (auth.client_id, auth.client_secret))
        headers["Authorization"] = f"Basic {b64encode(written.encode()).decode()}"
        return uri, headers, body


def make_client(settings: OidcSettings, credential: Credential, tls: ssl.SSLContext) -> Client:
    """Return a client that knows nothing of the provider yet."""
    issuer = settings.issuer or ""
    return Client(
        StarletteIntegration("patients"),
        client_id=settings.client_id,
        client_secret=credential,
        client_auth_methods=[_Assertion(issuer), _Basic()],
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.scope,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "private_key_jwt" if isinstance(credential, ServiceKey) else _Basic.name,
            "verify": tls,
            "timeout": SECONDS,
            "trust_env": False,
            "leeway": 0,  # a token that is good for a minute or less would count as expired before its only use
        },
    )
