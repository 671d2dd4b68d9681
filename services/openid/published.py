"""What a provider publishes of itself: of that, what is used, and whether it may be (OpenID Connect Discovery)."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from common.settings import is_loopback

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
"""With which an ID token can be signed; a provider that names none signs with RS256 (OpenID Connect Core 2)."""

_REQUIRED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL: Final = ("userinfo_endpoint", "end_session_endpoint")
SAYS_ISS: Final = "authorization_response_iss_parameter_supported"


class NotTheProvider(ValueError):
    """What was published is not what the issuer in the settings may publish."""


def _is_place(url: str, scheme: str) -> bool:
    """Return whether a URL has the scheme of the issuer: https, or http where nothing leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme == scheme and bool(parts.hostname) and (scheme == "https" or is_loopback(parts.hostname))


def checked(published: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    """Return of a discovery document what is used (OpenID Connect Discovery 4.3). Raises ValueError."""
    if published.get("issuer") != issuer:
        raise NotTheProvider("its document names another issuer")
    scheme = urlsplit(issuer).scheme
    used = {name: published[name] for name in (*_REQUIRED, *_OPTIONAL) if published.get(name) is not None}
    missing = [name for name in _REQUIRED if name not in used]
    if missing:
        raise NotTheProvider(f"its document does not name {missing[0]}")
    for name, url in used.items():
        if not isinstance(url, str) or not _is_place(url, scheme):
            raise NotTheProvider(f"its {name} is no {scheme} URL")
    listed = published.get("id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = [algorithm for algorithm in ALGORITHMS if algorithm in listed]
    if not algorithms:
        raise NotTheProvider("it signs with no algorithm that we take")
    return {
        **used,
        "issuer": issuer,
        "id_token_signing_alg_values_supported": algorithms,
        SAYS_ISS: published.get(SAYS_ISS) is True,
        "_loaded_at": published["_loaded_at"],
    }
