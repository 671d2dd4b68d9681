"""A patient signs in with a certified provider in a real browser, chooses, and signs out at both ends."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import RSAKey
from playwright.async_api import Browser, Page, expect

from common.settings import OidcSettings
from services.all import open_all
from tests.support.bsns import fresh_bsn
from tests.support.ehr import Ehr
from tests.support.openid import SECRET
from tests.support.production import make_ready, production_settings
from tests.support.rsa_keys import new_rsa_key
from tests.support.served import served
from tests.support.servers.loopback import HOST, free_port
from tests.support.servers.openid_provider import OpenIdProvider
from tests.support.servers.redis_server import RedisServer
from tests.support.world import Company

PORT = free_port()
SITE = f"http://{HOST}:{PORT}"


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return new_rsa_key()


@pytest.fixture(scope="module")
def provider(key: RSAKey) -> Iterator[OpenIdProvider]:
    """A provider that knows us twice: by a secret, and by a key."""
    ours: dict[str, object] = {"redirect_uris": [f"{SITE}/sign-in/callback"], "post_logout_redirect_uris": [f"{SITE}/"]}
    ours["response_types"], ours["grant_types"] = ["code"], ["authorization_code"]
    by_key = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.as_dict(private=False)]}}
    clients = [
        {**ours, "client_id": "secret", "client_secret": SECRET, "scope": "openid patient"},
        {**ours, "client_id": "key", **by_key, "scope": "openid patient"},
    ]
    with OpenIdProvider(clients) as started:
        yield started


@pytest.fixture
async def site(
    request: pytest.FixtureRequest, provider: OpenIdProvider, key: RSAKey, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[str]:
    """Production in this process, on a port, which proves who it is by a secret or, if asked to, by a key."""
    by = getattr(request, "param", "secret")
    credential = tmp_path / "credential"
    credential.write_bytes(SECRET.encode() if by == "secret" else key.as_pem(private=True))
    oidc = OidcSettings.model_validate(
        {
            "issuer": provider.issuer,
            "client_id": by,
            f"client_{by}_file": credential,
            "scope": "openid patient",
            "name_claim": "name",
        }
    )
    url = f"sqlite:///{tmp_path / 'sso.db'}"
    await make_ready(tmp_path, url)
    async with open_all(production_settings(tmp_path, SITE, url, redis_server.url, oidc)) as app, served(app, PORT):
        yield SITE


@pytest.fixture
async def patient(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_context() as context:
        yield await context.new_page()


async def test_a_patient_signs_in_with_the_provider_chooses_and_signs_out_at_both_ends(
    site: str, provider: OpenIdProvider, patient: Page
) -> None:
    bsn, visited = fresh_bsn(), list[str]()
    patient.on("framenavigated", lambda frame: visited.append(frame.url))
    async with httpx2.AsyncClient(base_url=site) as client:
        registered = (await client.post("/company/register", json={"companyName": "Apotheek De Brug"})).json()
        company = Company(client, registered["companyId"], registered["companySecret"], Ehr("ES256"))
        company.token = (await company.fetch_token()).json()["access_token"]
        (await company.create_dossier(bsn)).raise_for_status()

        await patient.goto(site)
        await patient.get_by_role("link", name="Sign in").click()
        await sign_in(patient, bsn)
        await expect(patient.get_by_text("Hello Peter de Mol")).to_be_visible()
        assert patient.url == f"{site}/"
        assert [cookie["name"] for cookie in await patient.context.cookies(site) if "sso" in cookie["name"]] == [
            "__Host-sso-patient"
        ]
        for button, word, status in (("Approve", "Approved", 200), ("Withdraw", "Declined", 403)):
            await patient.get_by_role("button", name=button).click()
            await expect(patient.get_by_text(re.compile(f"^{word}$"))).to_be_visible()
            assert (await company.permission(bsn)).status_code == status

    await patient.get_by_role("button", name="Sign out").click()
    await patient.wait_for_url(f"{provider.issuer}/session/end?*")
    await patient.get_by_role("button", name="Yes, sign me out").click()
    await expect(patient.get_by_role("link", name="Sign in")).to_be_visible()
    assert patient.url == f"{site}/"
    await patient.get_by_role("link", name="Sign in").click()
    await expect(patient.get_by_placeholder("Enter any login")).to_be_visible()  # nobody is signed in there
    assert not [url for url in visited if bsn in url]


@pytest.mark.parametrize("site", ["key"], indirect=True)
async def test_a_key_proves_to_the_provider_who_we_are_as_a_secret_does(site: str, patient: Page) -> None:
    await patient.goto(f"{site}/sign-in")
    await sign_in(patient, fresh_bsn())
    await expect(patient.get_by_text("Hello Peter de Mol")).to_be_visible()
    await patient.goto(f"{site}/sign-in")
    await expect(patient.get_by_placeholder("Enter any login")).to_be_visible()  # whoever is signed in there already


async def sign_in(page: Page, bsn: str) -> None:
    """Sign in at the provider, and let it tell us."""
    await page.get_by_placeholder("Enter any login").fill(bsn)
    await page.get_by_placeholder("and password").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()
