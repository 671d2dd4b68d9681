"""The settings: read from `SSO_*` alone, and refused in one sentence that never repeats a secret."""

from pathlib import Path

import pytest

from common.errors import SettingsError
from common.settings import Settings, read_settings

FULL = {
    "SSO_ISSUER__URL": "https://sso.example",
    "SSO_ISSUER__HOSTS": "sso.example,10.0.0.1",
    "SSO_REDIS__URL": "rediss://:password@redis.example:6380/0",
    "SSO_DATABASE__URL": "postgresql://sso@db.example/sso",
    "SSO_DATABASE__IDENTITY_URL": "postgresql://sso@db.example/identity",
    "SSO_KEYS__SEALING_FILE": "/etc/sso/sealing.key",
    "SSO_KEYS__DIGEST_FILE": "/etc/sso/digest.key",
    "SSO_DATA_DIR": "/var/lib/sso",
}


def test_without_variables_there_are_no_settings_but_the_data_folder() -> None:
    settings, unknown = read_settings({})
    assert settings == Settings()
    assert (settings.issuer.url, settings.redis.url, settings.data_dir, unknown) == (None, None, Path("var"), [])


def test_every_variable_sets_its_setting() -> None:
    settings, unknown = read_settings(FULL | {"PATH": "/bin", "sso_redis__url": "x", "XSSO_DATA_DIR": "y"})
    assert unknown == []
    assert settings.issuer.url == "https://sso.example"
    assert settings.redis.url == "rediss://:password@redis.example:6380/0"
    assert settings.database.url == "postgresql://sso@db.example/sso"
    assert settings.database.identity_url == "postgresql://sso@db.example/identity"
    assert settings.database.dossier_url is None
    assert settings.keys.sealing_file == Path("/etc/sso/sealing.key")
    assert settings.data_dir == Path("/var/lib/sso")


@pytest.mark.parametrize(
    "name", ["SSO_", "SSO_REDIS", "SSO_REDIS__", "SSO_REDIS__PORT", "SSO_RDIS__URL", "SSO_DATA_DIR__X", "SSO_CLOCK"]
)
def test_a_variable_that_means_nothing_is_told_and_is_no_error(name: str) -> None:
    settings, unknown = read_settings({name: "x", "SSO_DATA_DIR": "here"})
    assert unknown == [name]
    assert settings == Settings(data_dir=Path("here"))


WRONG = {
    "no scheme": ("SSO_ISSUER__URL", "sso.example"),
    "another scheme": ("SSO_ISSUER__URL", "ftp://sso.example"),
    "a path": ("SSO_ISSUER__URL", "https://sso.example/"),
    "a query": ("SSO_ISSUER__URL", "https://sso.example?x=1"),
    "an empty query": ("SSO_ISSUER__URL", "https://sso.example?"),
    "a fragment": ("SSO_ISSUER__URL", "https://sso.example#x"),
    "a user": ("SSO_ISSUER__URL", "https://secret@sso.example"),
    "white space before": ("SSO_ISSUER__URL", " https://sso.example"),
    "a newline after": ("SSO_ISSUER__URL", "https://sso.example\n"),
    "no host": ("SSO_ISSUER__URL", "https://"),
    "a port that is none": ("SSO_ISSUER__URL", "https://sso.example:secret"),
    "a port out of range": ("SSO_ISSUER__URL", "https://sso.example:99999"),
    "half an address": ("SSO_ISSUER__URL", "https://[::1"),
    "nothing": ("SSO_ISSUER__URL", ""),
    "Redis over http": ("SSO_REDIS__URL", "http://:secret@redis.example"),
    "Redis without a scheme": ("SSO_REDIS__URL", "secret@redis.example:6379"),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_told_by_its_name_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(FULL | {name: value})
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} is wrong: it ")
    assert sentence.endswith(".")
    assert "secret" not in sentence
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url", ["https://sso.example", "http://127.0.0.1:8080", "http://localhost", "https://[::1]:8443"]
)
def test_an_issuer_is_a_scheme_a_host_and_perhaps_a_port(url: str) -> None:
    assert read_settings({"SSO_ISSUER__URL": url})[0].issuer.url == url
