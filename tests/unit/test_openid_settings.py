"""Settings of the sign-in that cannot be meant: each is one sentence, and nothing starts."""

from pathlib import Path

import pytest

from common.errors import SettingsError
from common.settings_source import read_settings
from services.openid.wiring import require_https
from tests.support.command import sso
from tests.unit.test_commands import files, said
from tests.unit.test_openid import COMPLETE, OIDC


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"CLIENT_ID": ""}, "OIDC__CLIENT_ID is wrong: it should have at least 1 character"),
        ({"ACR_VALUES": "  "}, "OIDC__ACR_VALUES is wrong: it should name a level of assurance, or be left out"),
        ({"NAME_CLAIM": "bsn"}, "OIDC is wrong: it should not greet with the BSN: name_claim and bsn_claim are one"),
        ({"CLIENT_KEY_FILE": "/run/oidc.pem"}, "OIDC is wrong: it should have one of client_secret_file and"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=rf"^SSO_PATIENTS__{sentence}"):
        read_settings({**COMPLETE, **{f"{OIDC}{name}": value for name, value in changes.items()}})


@pytest.mark.parametrize("url", ["https://sso.example", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"])
def test_patients_sign_in_by_https_or_on_this_machine(url: str) -> None:
    require_https(read_settings({"SSO_ISSUER__URL": url}).settings)


@pytest.mark.parametrize("url", ["http://sso.example", "http://localhost.sso.example", "http://192.168.1.2:8080"])
def test_by_http_elsewhere_no_browser_keeps_the_cookie_and_nobody_could_sign_in(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^SSO_ISSUER__URL is wrong: .* https"):
        require_https(read_settings({"SSO_ISSUER__URL": url}).settings)


def test_a_check_says_so_too(tmp_path: Path) -> None:
    secret = tmp_path / "oidc.secret"
    secret.write_text("what the provider gave us")
    settings = {**files(tmp_path), **COMPLETE, f"{OIDC}CLIENT_SECRET_FILE": str(secret)}
    assert sso("config", "check", **settings).code == 0
    both = {**settings, f"{OIDC}CLIENT_KEY_FILE": str(secret)}
    assert "client_secret_file and client_key_file" in said(sso("config", "check", **both), 2)
    assert "SSO_ISSUER__URL" in said(sso("config", "check", **{**settings, "SSO_ISSUER__URL": "http://sso.example"}), 2)
