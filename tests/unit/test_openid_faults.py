"""What a provider may do besides what it should, and what the sign-in makes of it: how it fails, and how soon."""

import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.requests import Request

from common.errors import SignInFailed, Unavailable
from common.limits import Limits
from common.settings import OidcSettings
from schemas.base import Rules
from schemas.identifiers import Bsn
from services.openid.attempt import COOKIE, LASTS, SPENT, Attempt
from services.openid.claims import vouched
from services.openid.provider import KEPT, Provider
from services.openid.sign_in import MOST, OpenIdSignIn
from tests.support import openid
from tests.support.bsns import fresh_bsn
from tests.support.memory import MemoryLimiter
from tests.support.openid import open_provider
from tests.support.servers.loopback import HOST
from website.pages import Pages

ROOT = Path(__file__).parents[2]
SITE = "https://sso.example"
NOT_ASKED = cast("Any", None)
"""What a sign-in that fails before it never comes to."""


@pytest.fixture(scope="module")
def running() -> Iterator[openid.Provider]:
    with open_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: openid.Provider) -> openid.Provider:
    """A provider that says nothing yet."""
    running.forget()
    return running


class Seconds:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def client_of(issuer: str, seconds: Seconds | None = None) -> Provider:
    return Provider(OidcSettings(issuer=issuer, client_id="sso"), "secret", SITE, Rules(), seconds or Seconds())


def begin(provider: openid.Provider, **claims: Any) -> tuple[Attempt, Bsn]:
    """Begin a sign-in for which the provider then vouches, with these claims besides."""
    attempt, bsn = Attempt.begin(datetime.now(UTC)), fresh_bsn()
    provider.id_token = provider.key.sign(provider.claims(**{"nonce": attempt.nonce, "bsn": bsn, **claims}))
    return attempt, Bsn(bsn)


@pytest.mark.parametrize("expires_in", [1, 30, 60])
async def test_an_access_token_for_a_moment_is_good_for_the_userinfo(
    provider: openid.Provider, expires_in: int
) -> None:
    attempt, bsn = begin(provider, bsn=None)
    provider.token_says = {"expires_in": expires_in}
    provider.userinfo = {"sub": "a1", "bsn": bsn.reveal()}
    assert (await client_of(provider.issuer).exchange("c0de", attempt)).bsn == bsn


async def test_the_provider_is_asked_to_let_nobody_in_on_a_session_of_its_own(provider: openid.Provider) -> None:
    asked = await client_of(provider.issuer).authorization_url(Attempt.begin(datetime.now(UTC)))
    assert "&prompt=login&" in f"{asked}&"


async def test_who_signed_in_there_before_this_sign_in_began_is_not_who_began_it(provider: openid.Provider) -> None:
    client, now = client_of(provider.issuer), datetime.now(UTC).timestamp()
    for at in (now + 5, now - 30, None):
        attempt, bsn = begin(provider, auth_time=at)
        assert (await client.exchange("c0de", attempt)).bsn == bsn
    for at in (now - 120, 0):
        attempt, _ = begin(provider, auth_time=at)
        with pytest.raises(SignInFailed, match="still had somebody signed in"):
            await client.exchange("c0de", attempt)


@pytest.mark.parametrize("curve", ["brainpoolP256r1", "P-224", "P-521", "secp256k1", None, 7])
async def test_a_key_on_a_curve_that_we_do_not_take_is_passed_over(provider: openid.Provider, curve: object) -> None:
    attempt, bsn = begin(provider)
    provider.other_keys = [{"kty": "EC", "crv": curve, "x": "AA", "y": "AA", "kid": "1"}, cast("Any", "no key")]
    assert (await client_of(provider.issuer).exchange("c0de", attempt)).bsn == bsn


@pytest.mark.parametrize("jwks", ["<!doctype html><title>Back soon</title>", "[]", {"error": "busy"}, {"keys": []}])
async def test_keys_that_are_none_are_the_providers_fault_and_asked_for_again(
    provider: openid.Provider, jwks: dict[str, Any] | str
) -> None:
    attempt, bsn = begin(provider)
    client = client_of(provider.issuer)
    provider.jwks = jwks
    with pytest.raises(Unavailable):
        await client.exchange("c0de", attempt)
    provider.jwks = None
    assert (await client.exchange("c0de", attempt)).bsn == bsn
    good, provider.jwks = provider.id_token, jwks
    provider.id_token = provider.key.sign(provider.claims(nonce=attempt.nonce), kid="a new one")
    with pytest.raises(Unavailable):
        await client.exchange("c0de", attempt)
    provider.id_token = good
    assert (await client.exchange("c0de", attempt)).bsn == bsn


async def test_the_place_to_sign_out_is_known_however_long_ago_it_was_asked_for(provider: openid.Provider) -> None:
    seconds = Seconds()
    client = client_of(provider.issuer, seconds)
    await client.says_iss()
    seconds.now, provider.silent = 100 * KEPT, True
    assert str(await client.sign_out_url()).startswith(f"{provider.issuer}/leave?")


def test_a_name_that_has_the_bsn_in_it_is_not_shown() -> None:
    settings, bsn = OidcSettings(name_claim="name"), fresh_bsn()
    for name in (bsn, f" {bsn} ", f"{bsn} Peter"):
        assert vouched({"bsn": bsn, "name": name}, settings, Rules()).name == ""
    short = "10000008".zfill(9)
    assert vouched({"bsn": short[1:], "name": short[1:]}, settings, Rules()).name == ""
    assert vouched({"bsn": bsn, "name": "Peter"}, settings, Rules()).name == "Peter"


def test_an_attempt_is_remembered_as_spent_for_as_long_as_any_machine_takes_it() -> None:
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    attempt = Attempt.begin(now)
    first = now - (SPENT - LASTS)
    assert attempt.is_current(attempt.state, first)
    assert not attempt.is_current(attempt.state, first - timedelta(seconds=1))
    assert not attempt.is_current(attempt.state, first + SPENT)


async def test_a_provider_that_says_nothing_is_given_up_before_the_gateway_gives_us_up() -> None:
    (gateway,) = set(re.findall(r"proxy_read_timeout ([0-9]+)s;", (ROOT / "deploy/gateway/nginx.conf").read_text()))
    assert float(gateway) >= MOST + 0.5
    now = datetime.now(UTC)
    attempt = Attempt.begin(now)
    with socket.create_server((HOST, 0)) as hung:  # it takes connections, and that is all
        issuer = f"http://{HOST}:{hung.getsockname()[1]}"
        sign_in = OpenIdSignIn(
            provider=client_of(issuer),
            guard=NOT_ASKED,
            pseudoniemen=NOT_ASKED,
            sessions=NOT_ASKED,
            limits=Limits(MemoryLimiter()),
            pages=Pages(),
            clock=lambda: now,
            most=0.1,
        )
        cookie = f"{COOKIE.name}={attempt.token}".encode()
        query = f"code=c0de&iss={issuer}&state={attempt.state}".encode()
        request = {"type": "http", "method": "GET", "path": "/sign-in/callback", "query_string": query}
        with pytest.raises(Unavailable, match="the identity provider is not available"):
            await sign_in.finish(Request({**request, "headers": [(b"cookie", cookie)], "client": (HOST, 1)}))
