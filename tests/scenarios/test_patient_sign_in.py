"""Patients sign in with an OpenID Connect provider: what has to be right for it, and what is left behind."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx2
import pytest
from joserfc.jwk import OctKey

from common.limits import Counted
from common.settings import OidcSettings
from services.limits_redis import RedisLimiter
from services.openid.attempt import COOKIE as ATTEMPT
from services.redis_client import open_redis
from tests.scenarios.test_nothing_leaks import files, forms_of, logs_into
from tests.support.ehr import Ehr, flip, jws
from tests.support.openid import CLIENT, SECRET, Provider, open_provider
from tests.support.races import at_once
from tests.support.servers.redis_server import RedisServer
from tests.support.sign_in import SUBSTANTIAL, Site, Visit, cookies_of, open_site
from tests.support.world import ISSUER
from website.patient_site import COOKIE

CALLBACK = f"{ISSUER}/sign-in/callback"
OTHER_BSN = "999990019"  # passes the 11-test


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """A Redis that counts nobody else's refusals."""
    with RedisServer(private=True) as server:
        yield server


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with open_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
async def opened(
    redis: RedisServer, running: Provider, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with open_site(tmp_path_factory.mktemp("site"), redis.url, running) as site:
        yield site


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The provider, which says nothing yet and has been asked nothing."""
    running.forget()
    return running


@pytest.fixture
def site(opened: Site, provider: Provider) -> Site:  # noqa: ARG001 - that has forgotten everything
    """A site that all tests of this module share."""
    return opened


async def refused(visit: Visit, cause: str | None, status: int = 401) -> httpx2.Response:
    """Come back; see that nobody is signed in, that a page says so, and that the audit says why."""
    answer = await visit.come_back()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "Reference number" in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert COOKIE.name not in cookies_of(answer)
    said = [{"event": "patient.refused", "cause": cause}] if cause else []
    assert await visit.site.events(answer) == said
    return answer


async def test_a_patient_for_whom_the_provider_vouches_is_signed_in(site: Site) -> None:
    visit = await site.begin()
    visit.vouch()
    answer = await visit.come_back()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    session, attempt = cookies_of(answer)[COOKIE.name], cookies_of(answer)[ATTEMPT.name]
    assert (session["secure"], session["httponly"], session["samesite"], session["path"]) == (True, True, "lax", "/")
    assert (attempt.value, attempt["max-age"]) == ("", "0")
    page = (await site.send("GET", "/", {COOKIE.name: session.value})).text
    assert "Hello <bdi>Peter de Mol</bdi>" in page
    assert visit.bsn not in page
    (event,) = await site.events(answer)
    assert event["event"] == "patient.signed_in"


async def test_the_provider_is_asked_with_pkce_state_and_nonce_and_for_the_assurance_wanted(site: Site) -> None:
    visit = await site.begin()
    visit.vouch()
    await visit.come_back()
    assert visit.asked.pop("state") != visit.asked.pop("nonce")
    challenge = visit.asked.pop("code_challenge")
    assert visit.asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "code_challenge_method": "S256",
        "acr_values": f"high {SUBSTANTIAL}",
        "prompt": "login",
    }
    (form,) = site.provider.forms("/token")
    verifier = form.pop("code_verifier")
    assert base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode() == challenge
    assert form == {"grant_type": "authorization_code", "code": "c0de", "redirect_uri": CALLBACK}
    (headers,) = [headers for path, headers, _ in site.provider.asked if path == "/token"]
    sent = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert [unquote_plus(part) for part in sent.split(":")] == [CLIENT, SECRET]


async def test_the_bsn_may_come_with_the_userinfo(site: Site) -> None:
    visit = await site.begin()
    visit.vouch(bsn=None)
    site.provider.userinfo = {"sub": "a1", "bsn": visit.bsn, "acr": "low", "iss": "another"}
    cookie = cookies_of(await visit.come_back())[COOKIE.name].value
    assert await site.is_signed_in({COOKIE.name: cookie})
    (headers,) = [headers for path, headers, _ in site.provider.asked if path == "/me"]
    assert headers["authorization"] == "Bearer opaque"


@pytest.mark.parametrize("name", [None, 7, ["Peter"], "x" * 256, "Peter\nde Mol", ""])
async def test_a_name_that_cannot_be_shown_is_not_shown(site: Site, name: object) -> None:
    page = (await site.send("GET", "/", await site.sign_in(name=name))).text
    assert "You are signed in." in page


async def test_a_name_is_text_and_no_markup(site: Site) -> None:
    page = (await site.send("GET", "/", await site.sign_in(name="<svg/onload=alert(1)>"))).text
    assert "Hello <bdi>&lt;svg/onload=alert(1)&gt;</bdi>" in page


async def test_the_same_patient_is_the_same_pseudoniem(site: Site) -> None:
    visits = [await site.begin(), await site.begin()]
    visits[1].bsn = visits[0].bsn
    said = []
    for visit in visits:
        visit.vouch()
        said += await site.events(await visit.come_back())
    first, again = (event for event in said if event["event"] == "patient.signed_in")
    assert first["pseudoniem"] == again["pseudoniem"]


Returned = Callable[[Visit, Visit], None]
"""What an attacker, who has begun a visit of their own, makes of how a patient comes back."""


def with_cookies(**cookies: str) -> Returned:
    """Return the way of a browser that has these cookies in place of its own."""

    def change(visit: Visit, _: Visit) -> None:
        visit.cookies = cookies

    return change


def with_query(**query: str | None) -> Returned:
    """Return the way of a browser whose query is changed; None leaves a parameter out."""

    def change(visit: Visit, _: Visit) -> None:
        visit.query = {name: value for name, value in {**visit.query, **query}.items() if value is not None}

    return change


def with_anothers(*, cookies: bool, state: bool) -> Returned:
    """Return the way of a browser that comes back with what is another's."""

    def change(visit: Visit, other: Visit) -> None:
        visit.cookies = other.cookies if cookies else visit.cookies
        visit.query["state"] = (other if state else visit).query["state"]

    return change


RETURNED: dict[str, tuple[Returned, str | None]] = {
    "without the cookie": (with_cookies(), None),
    "with a cookie that is none": (with_cookies(**{ATTEMPT.name: "x"}), None),
    "without state": (with_query(state=None), None),
    "with an empty state": (with_query(state=""), None),
    "with a state beyond ASCII": (with_query(state="é"), None),
    "with another's state": (with_anothers(cookies=False, state=True), None),
    "with another's cookie": (with_anothers(cookies=True, state=False), None),
    "with another's cookie and state": (with_anothers(cookies=True, state=True), "id_token_rejected"),
    "without a code": (with_query(code=None), "provider_refused"),
    "with an error": (with_query(error="access_denied"), "provider_refused"),
    "from another provider": (with_query(iss="https://evil.example"), "untrusted_issuer"),
}


@pytest.mark.parametrize("attack", RETURNED)
async def test_who_comes_back_otherwise_than_the_provider_sent_them_is_not_signed_in(site: Site, attack: str) -> None:
    visit, other = await site.begin(), await site.begin()
    visit.vouch()
    change, cause = RETURNED[attack]
    change(visit, other)
    await refused(visit, cause)
    assert cause == "id_token_rejected" or site.provider.forms("/token") == []


async def test_what_the_provider_says_of_an_error_is_not_shown(site: Site) -> None:
    visit = await site.begin()
    visit.query |= {"error": "<b>no</b>", "error_description": "<svg/onload=alert(1)>", "error_uri": "//evil.example"}
    answer = await refused(visit, "provider_refused")
    assert not any(text in answer.text for text in ("onload", "evil", "<b>"))


async def test_a_parameter_given_twice_is_refused(site: Site) -> None:
    visit = await site.begin()
    visit.vouch()
    path = f"/sign-in/callback?{httpx2.QueryParams(visit.query)}&state=x"
    assert (await site.send("GET", path, visit.cookies)).status_code == 400


async def test_a_sign_in_is_good_once_however_often_the_code_is_taken(site: Site) -> None:
    visit = await site.begin()
    visit.vouch()
    answers = await at_once(10, lambda _: visit.come_back())
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 9
    await refused(visit, "token_replayed")


async def test_a_code_that_the_provider_does_not_take_signs_nobody_in_and_leaves_no_key(
    site: Site, redis: RedisServer
) -> None:
    before = await spent(redis)
    visit = await site.begin()
    site.provider.token_error = "invalid_grant"
    await refused(visit, "provider_refused")
    assert await spent(redis) == before


async def spent(redis: RedisServer) -> set[bytes]:
    """Return the keys of the sign-ins that have been used."""
    async with open_redis(redis.url) as opened:
        return {key async for key in opened.scan_iter("sso:sign-in:*")}


@pytest.mark.parametrize("error", ["temporarily_unavailable", "server_error"])
async def test_a_provider_that_says_that_it_cannot_is_503_and_the_sign_in_can_go_on(site: Site, error: str) -> None:
    visit = await site.begin()
    visit.vouch()
    good, visit.query = visit.query, {"state": visit.query["state"], "error": error}
    await refused(visit, None, status=503)
    visit.query = good
    assert (await visit.come_back()).status_code == 303


def mac(key: Callable[[Provider], bytes]) -> Callable[[Visit], str]:
    """Return how to forge an ID token with a MAC."""

    def forge(visit: Visit) -> str:
        secret = OctKey.import_key(key(visit.site.provider))
        return jws({"alg": "HS256", "typ": "JWT"}, visit.claims(), "HS256", secret)

    return forge


def signed(**claims: Any) -> Callable[[Visit], str]:
    """Return how to have the provider sign other claims."""
    return lambda visit: visit.site.provider.key.sign(visit.claims(**claims))


def unsigned(visit: Visit) -> str:
    """Return the ID token under `none`."""
    token = visit.site.provider.key.sign(visit.claims(), alg="none")
    return token.rpartition(".")[0] + "."


def by_a_stranger(visit: Visit) -> str:
    """Return the ID token signed by another key under the provider's `kid`."""
    return Ehr().sign(visit.claims(), kid=visit.site.provider.key.kid)


def with_its_key(visit: Visit) -> str:
    """Return the ID token signed by a key that it brings along."""
    stranger = Ehr()
    return stranger.sign(visit.claims(), jwk=stranger.public_jwk())


REJECTED = "id_token_rejected"
FORGED: dict[str, tuple[Callable[[Visit], str], str]] = {
    "no nonce": (signed(nonce=None), REJECTED),
    "another nonce": (signed(nonce="another"), REJECTED),
    "alg none": (unsigned, REJECTED),
    "HS256 with the secret": (mac(lambda _: SECRET.encode()), REJECTED),
    "HS256 with the public key": (mac(lambda provider: json.dumps(provider.key.public_jwk()).encode()), REJECTED),
    "by a stranger": (by_a_stranger, REJECTED),
    "by a key of its own": (with_its_key, REJECTED),
    "one bit": (lambda visit: flip(visit.site.provider.key.sign(visit.claims()), 1), REJECTED),
    "no ID token": (lambda _: "", REJECTED),
    "another issuer": (signed(iss="https://evil.example"), REJECTED),
    "no issuer": (signed(iss=None), REJECTED),
    "another audience": (signed(aud="another"), REJECTED),
    "another audience, authorized for us": (signed(aud="another", azp=CLIENT), REJECTED),
    "two audiences": (signed(aud=["another", CLIENT]), REJECTED),
    "two audiences, authorized for another": (signed(aud=["another", CLIENT], azp="another"), REJECTED),
    "no audience": (signed(aud=None), REJECTED),
    "expired": (signed(exp=1_700_000_000), REJECTED),
    "no end": (signed(exp=None), REJECTED),
    "an end in words": (signed(exp="tomorrow"), REJECTED),
    "from the future": (signed(iat=4_000_000_000, exp=4_000_000_300), REJECTED),
    "not yet": (signed(nbf=4_000_000_000), REJECTED),
    "nobody": (signed(sub=None), REJECTED),
    "another access token": (signed(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), REJECTED),
    "an empty BSN": (signed(bsn=""), "no_bsn"),
    "a BSN that fails the 11-test": (signed(bsn="123456780"), "no_bsn"),
    "a BSN of ten digits": (signed(bsn="0999990019"), "no_bsn"),
    "a BSN with dots": (signed(bsn="9999.90.019"), "no_bsn"),
    "a BSN in full-width digits": (signed(bsn="".join(chr(0xFF10 + int(digit)) for digit in OTHER_BSN)), "no_bsn"),
    "a number": (signed(bsn=999990019), "no_bsn"),
    "an array": (signed(bsn=[OTHER_BSN]), "no_bsn"),
    "an object": (signed(bsn={"value": OTHER_BSN}), "no_bsn"),
    "null": (lambda visit: visit.site.provider.key.sign({**visit.claims(), "bsn": None}), "no_bsn"),
    "too low an assurance": (signed(acr="http://eidas.europa.eu/LoA/low"), "assurance_too_low"),
    "no assurance": (signed(acr=None), "assurance_too_low"),
    "an array of assurances": (signed(acr=[SUBSTANTIAL]), "assurance_too_low"),
    "all assurances at once": (signed(acr=f"high {SUBSTANTIAL}"), "assurance_too_low"),
}


@pytest.mark.parametrize("attack", FORGED)
async def test_an_id_token_that_is_not_right_in_everything_signs_nobody_in(site: Site, attack: str) -> None:
    forge, cause = FORGED[attack]
    visit = await site.begin()
    site.provider.id_token = forge(visit)
    answer = await refused(visit, cause)
    assert OTHER_BSN not in answer.text


@pytest.mark.parametrize("told", [{"sub": "another", "bsn": OTHER_BSN}, {"bsn": OTHER_BSN}])
async def test_userinfo_of_another_signs_nobody_in(site: Site, told: dict[str, Any]) -> None:
    visit = await site.begin()
    visit.vouch(bsn=None)
    site.provider.userinfo = told
    await refused(visit, REJECTED)


async def test_userinfo_without_a_bsn_signs_nobody_in(site: Site) -> None:
    visit = await site.begin()
    visit.vouch(bsn=None)
    site.provider.userinfo = {"sub": "a1"}
    await refused(visit, "no_bsn")


async def test_a_session_is_a_new_one_whatever_the_browser_had(site: Site) -> None:
    chosen = {COOKIE.name: "c" * 43}
    visit = await site.begin(**chosen)
    visit.vouch()
    first = {COOKIE.name: cookies_of(await visit.come_back())[COOKIE.name].value}
    assert first != chosen
    assert not await site.is_signed_in(chosen)
    visit = await site.begin(**first)
    visit.vouch()
    second = {COOKIE.name: cookies_of(await visit.come_back())[COOKIE.name].value}
    assert second != first
    assert (await site.is_signed_in(first), await site.is_signed_in(second)) == (False, True)


async def test_a_refusal_leaves_the_session_that_there_was(site: Site) -> None:
    cookie = await site.sign_in()
    visit = await site.begin(**cookie)
    visit.vouch(nonce="another")
    await refused(visit, REJECTED)
    assert await site.is_signed_in(cookie)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "%2f%2fevil.example"])
async def test_nobody_is_led_anywhere_else(site: Site, target: str) -> None:
    asked = {"next": target, "redirect_uri": target, "return_to": target}
    began = await site.send("GET", str(httpx2.URL("/sign-in", params=asked)), {})
    assert began.headers["location"].startswith(f"{site.provider.issuer}/authorize?")
    assert "evil" not in began.headers["location"]
    visit = await site.begin()
    visit.vouch()
    visit.query |= asked
    assert (await visit.come_back()).headers["location"] == "/"


async def test_signing_out_ends_the_session_here_and_leads_to_the_providers_end(site: Site) -> None:
    cookie = await site.sign_in()
    page = await site.send("POST", "/sign-out", cookie)
    assert page.status_code == 200
    leave = (
        f"{site.provider.issuer}/leave?client_id={CLIENT}&amp;post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2F"
    )
    assert page.text.count(leave) == 2
    assert "id_token" not in page.text
    assert cookies_of(page)[COOKIE.name].value == ""
    assert not await site.is_signed_in(cookie)
    assert [event["event"] for event in await site.events(page)] == ["patient.signed_out"]


async def test_while_the_provider_does_not_answer_nobody_is_signed_in_and_signing_out_goes_on(
    site: Site, redis: RedisServer
) -> None:
    cookie = await site.sign_in()
    visit = await site.begin()
    visit.vouch()
    site.provider.silent = True
    await refused(visit, None, status=503)
    async with open_site(site.folder, redis.url, site.provider) as fresh:  # it starts without the provider
        answer = await fresh.send("GET", "/sign-in", {})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "the identity provider is not available" in answer.text
        assert (await fresh.send("GET", "/", {})).status_code == 200
        left = await fresh.send("POST", "/sign-out", cookie)
        assert (left.status_code, "may still be signed in at your identity provider" in left.text) == (200, True)
        assert (cookies_of(left)[COOKIE.name].value, "http-equiv" in left.text) == ("", False)


async def test_a_provider_that_does_not_take_our_secret_is_our_fault_and_not_the_patients(site: Site) -> None:
    visit = await site.begin()
    site.provider.token_error = "invalid_client"
    await refused(visit, None, status=503)


async def test_where_no_provider_is_set_the_pages_say_so(site: Site, redis: RedisServer) -> None:
    cookie = await site.sign_in()
    async with open_site(site.folder, redis.url, site.provider, OidcSettings()) as fresh:
        assert "has not been connected yet" in (await fresh.send("GET", "/", {})).text
        answer = await fresh.send("GET", "/sign-in", {})
        assert (answer.status_code, "no identity provider has been connected" in answer.text) == (404, True)
        assert (await fresh.client.get("/sign-in/callback")).status_code == 404
        assert (await fresh.send("POST", "/sign-out", cookie)).headers["location"] == "/"
        assert not await fresh.is_signed_in(cookie)


async def test_one_address_comes_back_so_often_in_a_minute_and_no_more(site: Site, redis: RedisServer) -> None:
    async with open_redis(redis.url) as opened:
        limiter = RedisLimiter(opened, dict.fromkeys(Counted, 120))
        for _ in range(119):
            await limiter.admit(Counted.SIGN_INS, "address:192.0.2.7")
    answers = [await site.from_address("192.0.2.7") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    assert (await site.from_address("192.0.2.8")).status_code == 401


async def test_the_bsn_is_nowhere_afterwards(site: Site, redis: RedisServer, tmp_path: Path) -> None:
    """Not in the log, the database, Redis or an answer: whether it was good, came with the userinfo, or was none."""
    with logs_into(tmp_path / "log.txt"):
        async with open_site(site.folder, redis.url, site.provider) as fresh:
            cookie = await fresh.sign_in(OTHER_BSN)
            await fresh.send("POST", "/sign-out", cookie)
            for claim in (f"{OTHER_BSN}0", [OTHER_BSN], int(OTHER_BSN)):
                visit = await fresh.begin()
                visit.vouch(bsn=claim)
                await refused(visit, "no_bsn")
            visit = await fresh.begin()
            visit.vouch(bsn=None)
            site.provider.userinfo = {"sub": "a1", "bsn": OTHER_BSN}
            assert OTHER_BSN not in (await visit.come_back()).text
    async with open_redis(redis.url) as opened:
        left = {str(key): key + await opened.get(key) async for key in opened.scan_iter()}
    assert [key for key in left if "sso:sign-in:" in key]
    left |= files(site.folder / "sso.db") | {"the log": (tmp_path / "log.txt").read_bytes()}
    assert b"/sign-in/callback" in left["the log"]
    assert not [
        (where, form)
        for where, octets in left.items()
        for form, hidden in forms_of(OTHER_BSN).items()
        if hidden in octets
    ]
