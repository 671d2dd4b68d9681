"""The parts of the sign-in: the attempt in the cookie, the provider's document, and the settings."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.errors import SettingsError, SignInFailed, Unavailable
from common.settings import OidcSettings, Settings
from common.settings_source import read_settings
from schemas.base import Rules
from schemas.identifiers import Bsn
from services.openid.attempt import LASTS, Attempt
from services.openid.provider import Provider
from services.required import require, sign_in_needs, website_sign_in_needs
from tests.support import openid
from tests.support.bsns import fresh_bsn
from tests.support.ehr import Ehr
from tests.support.openid import open_provider
from tests.support.races import at_once

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SITE = "https://sso.example"


def test_an_attempt_is_current_for_ten_minutes_and_for_its_own_state() -> None:
    attempt = Attempt.begin(NOW)
    assert attempt.is_current(attempt.state, NOW)
    assert attempt.is_current(attempt.state, NOW + LASTS - SECOND)
    assert not attempt.is_current(attempt.state, NOW + LASTS)
    assert not attempt.is_current(attempt.state, NOW - timedelta(hours=1))
    assert not attempt.is_current(Attempt.begin(NOW).state, NOW)


@pytest.mark.parametrize("token", ["", ".", "x", "1772600767.", f"now.{'a' * 43}", f"1772600767.{'a' * 42}", "\ud800"])
def test_what_is_no_attempt_is_never_current(token: str) -> None:
    attempt = Attempt(token)
    assert not attempt.is_current(attempt.state, NOW)


def test_what_an_attempt_is_known_by_is_long_enough_and_all_different() -> None:
    attempt, another = Attempt.begin(NOW), Attempt.begin(NOW)
    known = [(one.state, one.nonce, one.verifier, one.spend_key) for one in (attempt, another)]
    assert len({*known[0], *known[1]}) == 8
    assert 43 <= len(attempt.verifier) <= 128  # RFC 7636 4.1


def test_another_beginning_written_into_the_cookie_is_another_attempt() -> None:
    attempt = Attempt.begin(NOW)
    later = Attempt(f"{int(NOW.timestamp()) + 600}.{attempt.token.partition('.')[2]}")
    assert not later.is_current(attempt.state, NOW + LASTS)
    assert later.nonce != attempt.nonce


@pytest.fixture(scope="module")
def running() -> Iterator[openid.Provider]:
    with open_provider() as provider:
        yield provider


@pytest.fixture
def published(running: openid.Provider) -> Iterator[openid.Provider]:
    """A provider that has published nothing out of the ordinary yet, with a key that a test may change."""
    key = running.key
    running.forget()
    yield running
    running.key = key


class Seconds:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def client_of(provider: openid.Provider, seconds: Callable[[], float]) -> Provider:
    settings = OidcSettings(issuer=provider.issuer, client_id="sso")
    return Provider(settings, "secret", SITE, Rules(), seconds)


UNUSABLE: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "the issuer with a slash": {"issuer": "http://127.0.0.1/"},
    "no issuer": {"issuer": None},
    "no place to sign in": {"authorization_endpoint": None},
    "no place for the code": {"token_endpoint": None},
    "no keys": {"jwks_uri": None},
    "keys by another scheme": {"jwks_uri": "file:///etc/passwd"},
    "a place by http elsewhere": {"token_endpoint": "http://evil.example/token"},
    "a place that is no URL": {"token_endpoint": 7},
    "a place without a host": {"userinfo_endpoint": "http:///me"},
    "no signature but a MAC": {"id_token_signing_alg_values_supported": ["HS256", "none"]},
}


@pytest.mark.parametrize("document", UNUSABLE)
async def test_a_document_that_is_not_the_issuers_own_is_not_used(published: openid.Provider, document: str) -> None:
    published.published = UNUSABLE[document]
    with pytest.raises(Unavailable):
        await client_of(published, Seconds()).authorization_url(Attempt.begin(NOW))


@pytest.mark.parametrize("alg", ["RS256", "RS512", "PS256", "ES256", "ES384"])
async def test_an_id_token_may_be_signed_with_any_algorithm_that_we_take_and_the_provider_names(
    published: openid.Provider, alg: str
) -> None:
    published.key, published.published = Ehr(alg), {"id_token_signing_alg_values_supported": [alg]}
    attempt, bsn = Attempt.begin(NOW), fresh_bsn()
    published.id_token = published.key.sign(published.claims(nonce=attempt.nonce, bsn=bsn))
    assert (await client_of(published, Seconds()).exchange("c0de", attempt)).bsn == Bsn(bsn)
    published.published = {"id_token_signing_alg_values_supported": ["RS384"]}
    with pytest.raises(SignInFailed):
        await client_of(published, Seconds()).exchange("c0de", attempt)


async def test_keys_that_we_do_not_know_are_passed_over(published: openid.Provider) -> None:
    attempt, bsn = Attempt.begin(NOW), fresh_bsn()
    published.other_keys = [
        {"kty": "AKP", "alg": "ML-DSA-65", "kid": "1", "pub": "AA"},
        {"kty": "oct", "k": "AAAA", "kid": "2"},
        {**Ehr().public_jwk(), "use": "enc", "alg": "RSA-OAEP", "kid": "3"},
    ]
    published.id_token = published.key.sign(published.claims(nonce=attempt.nonce, bsn=bsn))
    assert (await client_of(published, Seconds()).exchange("c0de", attempt)).bsn == Bsn(bsn)


async def test_a_new_key_of_the_provider_is_found_at_once(published: openid.Provider) -> None:
    attempt, client = Attempt.begin(NOW), client_of(published, Seconds())
    for _ in range(2):
        published.key = Ehr()
        published.id_token = published.key.sign(published.claims(nonce=attempt.nonce, bsn=fresh_bsn()))
        assert (await client.exchange("c0de", attempt)).name == ""


async def test_the_document_is_fetched_once_by_however_many_and_again_after_an_hour(published: openid.Provider) -> None:
    seconds = Seconds()
    client = client_of(published, seconds)
    await at_once(10, lambda _: client.authorization_url(Attempt.begin(NOW)))
    seconds.now = 3599
    await client.says_iss()
    assert len(published.asked) == 1
    seconds.now = 3600
    await client.says_iss()
    assert len(published.asked) == 2


async def test_a_provider_that_does_not_answer_is_left_alone_for_two_seconds(published: openid.Provider) -> None:
    seconds = Seconds()
    client = client_of(published, seconds)
    published.silent = True
    with pytest.raises(Unavailable):
        await client.says_iss()
    published.silent = False
    with pytest.raises(Unavailable):
        await client.says_iss()
    assert published.asked == []
    seconds.now = 2
    assert await client.says_iss() is False


async def test_a_provider_with_no_place_to_sign_out_has_none(published: openid.Provider) -> None:
    published.published = {"end_session_endpoint": None}
    assert await client_of(published, Seconds()).sign_out_url() is None


async def test_a_place_to_sign_out_keeps_its_own_parameters(published: openid.Provider) -> None:
    published.published = {"end_session_endpoint": f"{published.issuer}/leave?realm=a"}
    told = "client_id=sso&post_logout_redirect_uri=https%3A%2F%2Fsso.example%2F"
    assert await client_of(published, Seconds()).sign_out_url() == f"{published.issuer}/leave?realm=a&{told}"


OIDC = "SSO_PATIENTS__OIDC__"
COMPLETE = {
    f"{OIDC}ISSUER": "https://broker.example/digid",
    f"{OIDC}CLIENT_ID": "sso",
    f"{OIDC}CLIENT_SECRET_FILE": "/run/oidc.secret",
}


@pytest.mark.parametrize(
    "issuer",
    [
        "https://broker.example",
        "https://broker.example/a/",
        "http://127.0.0.1:8081",
        "http://[::1]:1",
        "http://localhost:2",
    ],
)
def test_a_provider_is_known_by_its_https_url_or_one_of_this_machine(issuer: str) -> None:
    assert read_settings({f"{OIDC}ISSUER": issuer}).settings.patients.oidc.issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "http://broker.example",
        "http://localhost.broker.example",
        "http://127.0.0.1.broker.example",
        "http://0.0.0.0",
        "http://127.0.0.1@broker.example",
        "https://user:s3cret@broker.example",
        "https://broker.example?realm=s3cret",
        "https://broker.example#s3cret",
        "https://",
        "ftp://127.0.0.1",
        "broker.example",
    ],
)
def test_no_other_url_is_a_providers(issuer: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{OIDC}ISSUER is wrong: it should be the issuer's https://") as refused:
        read_settings({f"{OIDC}ISSUER": issuer})
    assert "s3cret" not in str(refused.value)


def test_without_the_scope_openid_there_is_no_id_token() -> None:
    with pytest.raises(SettingsError, match=rf"^{OIDC}SCOPE is wrong: it should name the scope openid\.$"):
        read_settings({f"{OIDC}SCOPE": "profile"})


def test_as_long_as_nothing_of_it_is_set_the_sign_in_needs_nothing() -> None:
    for settings in (Settings(), read_settings({f"{OIDC}BSN_CLAIM": "sub"}).settings):
        assert [*sign_in_needs(settings), *website_sign_in_needs(settings)] == []


@pytest.mark.parametrize("missing", COMPLETE)
def test_half_a_sign_in_is_named_with_what_it_misses(missing: str) -> None:
    settings = read_settings({name: value for name, value in COMPLETE.items() if name != missing}).settings
    with pytest.raises(SettingsError, match=rf"^Set what is missing: {missing} \("):
        require(settings, *sign_in_needs(settings))
    complete = read_settings(COMPLETE).settings
    require(complete, *sign_in_needs(complete))
    with pytest.raises(SettingsError, match="SSO_PEERS__PSEUDONIEM_URL"):
        require(complete, *website_sign_in_needs(complete))
