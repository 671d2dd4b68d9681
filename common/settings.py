"""The settings, and what each may be; `settings_source` reads them.

Secrets are in files that settings name; only a URL can hold a password, where whoever shows it can mask it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, model_validator

_SERVICE_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def _is_origin(url: str) -> bool:
    parts = urlsplit(url)
    plain = parts.hostname and parts.username is None and parts.port != 0
    return bool(plain) and parts.scheme in {"http", "https"} and url == f"{parts.scheme}://{parts.netloc}"


def _is_store(url: str, schemes: Collection[str]) -> bool:
    """Return whether a URL names a store, and has its password where it can be masked."""
    parts = urlsplit(url)
    return parts.scheme in schemes and parts.port != 0 and not parts.fragment and "password" not in parts.query.lower()


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this very machine, whatever a name server says."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _is_provider(url: str) -> bool:
    """Return whether a URL can be an OpenID provider's issuer: https, or http where nothing leaves this machine."""
    parts = urlsplit(url)
    bare = bool(parts.hostname) and parts.username is None and parts.port != 0 and not parts.query + parts.fragment
    return bare and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)))


def _url(is_right: Callable[[str], bool], form: str) -> AfterValidator:
    def check(url: str) -> str:
        try:
            right = is_right(url)
        except ValueError:  # a port or an address that is none; the message would show it
            right = False
        if not right:
            raise ValueError(f"should be {form}")
        return url

    return AfterValidator(check)


def service_name(name: str) -> str:
    """Return the name if one of our services can have it. Raises ValueError."""
    if not _SERVICE_NAME.fullmatch(name) or "__" in name:
        raise ValueError("should be a name of lower-case letters, digits and underscores")
    return name


def _assurances(levels: str) -> str:
    if not levels.split():  # it would ask for nothing, where somebody meant to ask for something
        raise ValueError("should name a level of assurance, or be left out")
    return levels


def _openid_scope(scope: str) -> str:
    if "openid" not in scope.split():
        raise ValueError("should name the scope openid")
    return scope


_ENCODED: Final = "with special characters in the password percent-encoded"

Origin = Annotated[str, _url(_is_origin, "scheme://host or scheme://host:port, without a path")]
ProviderUrl = Annotated[str, _url(_is_provider, "the issuer's https://… URL, exactly as the provider writes it")]
RedisUrl = Annotated[
    str, _url(lambda url: _is_store(url, {"redis", "rediss"}), f"redis://user:password@host:port/0, {_ENCODED}")
]
DatabaseUrl = Annotated[
    str,
    _url(
        lambda url: _is_store(url, {"postgresql", "postgres", "sqlite"}),
        f"postgresql://user:password@host/name or sqlite:///path, {_ENCODED}",
    ),
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class IssuerSettings(_Section):
    """`url`: our public URL. `hosts`: further host names that we answer to, with commas between them.

    `proxies`: the addresses of the reverse proxies whose X-Forwarded-For is believed, with commas between them. Without
    them all callers behind a proxy have its address, and share its limits.
    """

    url: Origin | None = None
    hosts: str = ""
    proxies: str = ""


class RedisSettings(_Section):
    url: RedisUrl | None = None


class DatabaseSettings(_Section):
    """`url` is for all owners; an owner's own goes before it."""

    url: DatabaseUrl | None = None
    identity_url: DatabaseUrl | None = None
    pseudoniem_url: DatabaseUrl | None = None
    dossier_url: DatabaseUrl | None = None


_Minutes = Annotated[int, Field(ge=1, le=366 * 24 * 60)]


class KeySettings(_Section):
    """The secret keys' files, and how our signing keys follow each other (ADR 0019).

    `other_sealing_file`: a second sealing key, that opens and does not seal, while the key is being changed (ADR 0021).
    `other_digest_file`: a second digest key, the older or the newer one, while it is being changed (ADR 0030).
    `rotate_days`: how long one signs; `announce_minutes`: how long before that it is published; `keep_minutes`: how
    long after it.
    """

    sealing_file: Path | None = None
    other_sealing_file: Path | None = None
    digest_file: Path | None = None
    other_digest_file: Path | None = None
    rotate_days: Annotated[int, Field(ge=1, le=3650)] = 90
    announce_minutes: _Minutes = 60
    keep_minutes: _Minutes = 60


class CompanySettings(_Section):
    """Whether a new company waits for an operator's approval. None: the demo's are open, production's wait."""

    registration: Literal["approval", "open"] | None = None


class ServiceSettings(_Section):
    """One of our own services, by what proves who it is where it asks for internal tokens: one of three.

    Its key, of which identity has the file with the public half, and the service the one with the private half, in PEM
    or as a JWK; or its secret, the same file for both.
    """

    secret_file: Path | None = None
    public_key_file: Path | None = None
    private_key_file: Path | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if [self.secret_file, self.public_key_file, self.private_key_file].count(None) != 2:  # noqa: PLR2004 - of three
            raise ValueError("should have one of secret_file, public_key_file and private_key_file, and no other")
        return self


class PeerSettings(_Section):
    """Where our own services are, for those that run apart: addresses inside, not our public URL."""

    identity_url: Origin | None = None
    pseudoniem_url: Origin | None = None
    dossier_url: Origin | None = None


class OidcSettings(_Section):
    """The OpenID provider at which patients sign in. It knows us by a secret, or by a key of ours.

    The key is RSA, P-256, P-384 or Ed25519, in PEM or as a JWK, without a password.
    `bsn_claim`: which claim holds the BSN; `name_claim`: which one the page greets with. `acr_values`: the levels of
    assurance that are enough, with spaces between them; without them any is.
    """

    issuer: ProviderUrl | None = None
    client_id: Annotated[str, Field(min_length=1)] | None = None
    client_secret_file: Path | None = None
    client_key_file: Path | None = None
    scope: Annotated[str, AfterValidator(_openid_scope)] = "openid"
    bsn_claim: Annotated[str, Field(min_length=1)] = "bsn"
    name_claim: str | None = None
    acr_values: Annotated[str, AfterValidator(_assurances)] = ""

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.client_secret_file and self.client_key_file:
            raise ValueError("should have one of client_secret_file and client_key_file, not both")
        if self.name_claim == self.bsn_claim:
            raise ValueError("should not greet with the BSN: name_claim and bsn_claim are one")
        return self


class PatientSettings(_Section):
    oidc: OidcSettings = OidcSettings()


class LimitSettings(_Section):
    """How many a minute, per company and per address."""

    launches: PositiveInt = 600
    token_requests: PositiveInt = 600
    refusals: PositiveInt = 2000


class Settings(_Section):
    """All settings. What is None has no default here: a composition gives it one, or asks for it."""

    issuer: IssuerSettings = IssuerSettings()
    redis: RedisSettings = RedisSettings()
    database: DatabaseSettings = DatabaseSettings()
    keys: KeySettings = KeySettings()
    companies: CompanySettings = CompanySettings()
    services: Mapping[Annotated[str, AfterValidator(service_name)], ServiceSettings] = {}
    peers: PeerSettings = PeerSettings()
    patients: PatientSettings = PatientSettings()
    limits: LimitSettings = LimitSettings()
    data_dir: Path = Path(__file__).resolve().parent.parent / "var"
