"""Settings: a file, the environment above it, and one sentence for whatever cannot be."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from common.errors import SettingsError
from common.settings_source import read_settings
from services import apart
from services.all import NEEDS
from services.required import DATABASES, Need, require

COMPLETE = {
    "SSO_ISSUER__URL": "https://sso.example",
    "SSO_REDIS__URL": "redis://sso:s3cret@redis:6379/0",
    "SSO_DATABASE__URL": "postgresql://sso:s3cret@db/sso",
    "SSO_KEYS__SEALING_FILE": "/keys/sealing.key",
    "SSO_KEYS__DIGEST_FILE": "/keys/digest.key",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sso.toml"


def refusal(environment: dict[str, str], config: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(environment, config)
    return str(caught.value)


def test_without_any_there_are_only_the_defaults() -> None:
    given = read_settings({"HOME": "/root"})
    assert (given.settings.limits.launches, given.settings.redis.url) == (600, None)
    assert not given.unknown
    assert not given.sources


def test_the_environment_goes_before_the_file_and_each_is_named_as_the_source(file: Path) -> None:
    file.write_text('data_dir = "/data"\n[limits]\nlaunches = 5\nrefusals = 6\n')
    given = read_settings({"SSO_LIMITS__LAUNCHES": "7"}, file)
    limits = given.settings.limits
    assert (limits.launches, limits.refusals, limits.token_requests) == (7, 6, 600)
    assert given.settings.data_dir == Path("/data")
    assert given.sources == {
        ("limits", "launches"): "SSO_LIMITS__LAUNCHES",
        ("limits", "refusals"): str(file),
        ("data_dir",): str(file),
    }


def test_the_environment_can_name_the_file_and_the_command_goes_before_it(file: Path) -> None:
    file.write_text("[limits]\nlaunches = 5\n")
    assert read_settings({"SSO_CONFIG": str(file)}).settings.limits.launches == 5
    assert read_settings({"SSO_CONFIG": "/nowhere"}, file).settings.limits.launches == 5


def test_a_service_is_registered_by_the_name_in_the_variable(file: Path) -> None:
    file.write_text('[services.dossier]\nsecret_file = "/run/dossier"\n')
    services = read_settings({"SSO_SERVICES__WEB_SITE__SECRET_FILE": "/run/website"}, file).settings.services
    assert {name: str(service.secret_file) for name, service in services.items()} == {
        "dossier": "/run/dossier",
        "web_site": "/run/website",
    }


def test_unknown_variables_are_told_and_do_no_harm() -> None:
    unknown = ["SSO_DATA_DIR__X", "SSO_FOO", "SSO_REDIS", "SSO_REDIS__URI", "SSO_SERVICES__DOSSIER__SECRET"]
    given = read_settings(dict.fromkeys([*unknown, "SSO_DATA_DIR"], "/data"))
    assert given.unknown == unknown
    assert given.settings.data_dir == Path("/data")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[redis]\nuri = 'redis://:s3cret@h'", "redis.uri in {file} is no setting"),
        ("[radis]", "radis in {file} is no setting"),
        ("[services.Dossier]\nsecret_file = '/x'", "services.Dossier in {file} is wrong: it should be a name of"),
        (
            "[services.dossier]",
            "services.dossier in {file} is wrong: it should have one of secret_file, public_key_file",
        ),
        (
            "[services.dossier]\nsecret_file = '/s3cret'\npublic_key_file = '/key'",
            "services.dossier in {file} is wrong: it should have one of secret_file, public_key_file and private_",
        ),
        ("[redis]\nurl = 's3cret'", "redis.url in {file} is wrong: it should be redis://"),
        ("redis = 's3cret'", "redis in {file} is wrong: it should be"),
        ("[limits]\nlaunches = 'many'", "limits.launches in {file} is wrong: it should be a valid integer"),
        ("[redis\nurl = 's3cret'", "The settings file {file} is not TOML: "),
    ],
)
def test_what_cannot_be_in_the_file_is_named_and_not_shown(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    said = refusal({}, file)
    assert said.startswith(says.format(file=file)), said
    assert "s3cret" not in said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert refusal({}, tmp_path / "none.toml") == (
        f"The settings file {tmp_path / 'none.toml'} cannot be read: No such file or directory."
    )
    (tmp_path / "latin.toml").write_bytes("data_dir = 'é'".encode("latin-1"))
    assert "is not UTF-8" in refusal({}, tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SSO_ISSUER__URL", "sso.example", "scheme://host"),
        ("SSO_ISSUER__URL", "https://sso.example/", "scheme://host"),
        ("SSO_ISSUER__URL", " https://sso.example", "scheme://host"),
        ("SSO_ISSUER__URL", "https://me:s3cret@sso.example", "scheme://host"),
        ("SSO_ISSUER__URL", "https://[s3cret", "scheme://host"),
        ("SSO_REDIS__URL", "", "redis://user:password@host:port/0"),
        ("SSO_REDIS__URL", "http://:s3cret@localhost", "redis://user:password@host:port/0"),
        ("SSO_REDIS__URL", "redis://localhost:s3cret", "redis://user:password@host:port/0"),
        ("SSO_REDIS__URL", "redis://localhost?password=s3cret", "redis://user:password@host:port/0"),
        ("SSO_DATABASE__URL", "mysql://sso:s3cret@localhost/sso", "postgresql://user:password@host/name"),
        ("SSO_DATABASE__URL", "postgresql://sso:s3cret/x@localhost/sso", "percent-encoded"),
        ("SSO_DATABASE__DOSSIER_URL", "s3cret", "sqlite:///path"),
        ("SSO_COMPANIES__REGISTRATION", "closed", "'approval' or 'open'"),
        ("SSO_LIMITS__LAUNCHES", "0", "greater than 0"),
        ("SSO_LIMITS__TOKEN_REQUESTS", "many", "a valid integer"),
        ("SSO_LIMITS__REFUSALS", "-1", "greater than 0"),
        ("SSO_SERVICES__2ND__SECRET_FILE", "/run/s3cret", "lower-case letters"),
    ],
)
def test_a_wrong_variable_is_named_with_the_cure_and_not_shown(name: str, value: str, says: str) -> None:
    said = refusal({name: value})
    assert name.removesuffix("__SECRET_FILE") in said
    assert " is wrong: it should " in said
    assert says in said
    assert "s3cret" not in said


def test_with_everything_named_nothing_is_missing_and_one_database_is_every_owners() -> None:
    settings = read_settings(COMPLETE).settings
    require(settings, *NEEDS)
    assert {need.of(settings) for need in DATABASES} == {"postgresql://sso:s3cret@db/sso"}


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_missing_is_named_alone_with_the_cure(name: str) -> None:
    settings = read_settings({given: value for given, value in COMPLETE.items() if given != name}).settings
    with pytest.raises(SettingsError, match=rf"^Set what is missing: {name} \([^)]+\)\.$"):
        require(settings, *NEEDS)


APART = {
    "SSO_ISSUER__URL": "https://sso.example",
    "SSO_REDIS__URL": "redis://:s3cret@redis:6379/0",
    "SSO_DATABASE__IDENTITY_URL": "postgresql://sso:s3cret@db/identity",
    "SSO_DATABASE__PSEUDONIEM_URL": "postgresql://sso:s3cret@db/pseudoniem",
    "SSO_DATABASE__DOSSIER_URL": "postgresql://sso:s3cret@db/dossier",
    "SSO_KEYS__SEALING_FILE": "/run/sealing.key",
    "SSO_KEYS__DIGEST_FILE": "/run/digest.key",
    "SSO_SERVICES__DOSSIER__PRIVATE_KEY_FILE": "/run/dossier.private.pem",
    "SSO_SERVICES__DOSSIER__PUBLIC_KEY_FILE": "/run/dossier.public.pem",
    "SSO_SERVICES__WEBSITE__PRIVATE_KEY_FILE": "/run/website.private.pem",
    "SSO_SERVICES__WEBSITE__PUBLIC_KEY_FILE": "/run/website.public.pem",
    "SSO_PEERS__IDENTITY_URL": "http://identity:8000",
    "SSO_PEERS__PSEUDONIEM_URL": "http://pseudoniem:8000",
    "SSO_PEERS__DOSSIER_URL": "http://dossier:8000",
}
ALWAYS = {"SSO_ISSUER__URL", "SSO_REDIS__URL"}
PUBLIC = {f"SSO_SERVICES__{name}__PUBLIC_KEY_FILE" for name in ("DOSSIER", "WEBSITE")}
IDENTITY, PSEUDONIEM, DOSSIER = (f"SSO_PEERS__{name}_URL" for name in ("IDENTITY", "PSEUDONIEM", "DOSSIER"))
NEEDED: dict[str, tuple[Sequence[Need[Any]], set[str]]] = {
    "identity": (
        apart.IDENTITY_NEEDS,
        ALWAYS | PUBLIC | {"SSO_DATABASE__IDENTITY_URL", "SSO_KEYS__SEALING_FILE", PSEUDONIEM, DOSSIER},
    ),
    "pseudoniem": (
        apart.PSEUDONIEM_NEEDS,
        ALWAYS | {"SSO_DATABASE__PSEUDONIEM_URL", "SSO_KEYS__DIGEST_FILE", IDENTITY},
    ),
    "dossier": (
        apart.DOSSIER_NEEDS,
        ALWAYS | {"SSO_DATABASE__DOSSIER_URL", "SSO_SERVICES__DOSSIER__PRIVATE_KEY_FILE", IDENTITY, PSEUDONIEM},
    ),
    "website": (apart.WEBSITE_NEEDS, ALWAYS | {"SSO_SERVICES__WEBSITE__PRIVATE_KEY_FILE", IDENTITY, DOSSIER}),
}


@pytest.mark.parametrize("service", NEEDED)
def test_a_service_apart_asks_for_what_is_its_own_and_no_more(service: str) -> None:
    needs, names = NEEDED[service]
    require(read_settings({name: APART[name] for name in names}).settings, *needs)
    for missing in names:
        rest = {name: APART[name] for name in names - {missing}}
        with pytest.raises(SettingsError, match=rf"^Set what is missing: {missing} \([^)]+\)\.$"):
            require(read_settings(rest).settings, *needs)


@pytest.mark.parametrize("service", ["identity", "dossier", "website"])
def test_a_secret_will_do_instead_of_each_half_of_a_key(service: str) -> None:
    needs, names = NEEDED[service]
    given = {re.sub("(PRIVATE|PUBLIC)_KEY_FILE", "SECRET_FILE", name): APART[name] for name in names}
    require(read_settings(given).settings, *needs)


@pytest.mark.parametrize(
    ("service", "wrong", "right"), [("identity", "PRIVATE", "PUBLIC"), ("dossier", "PUBLIC", "PRIVATE")]
)
def test_the_other_half_of_a_key_is_not_the_one_that_is_needed(service: str, wrong: str, right: str) -> None:
    needs, names = NEEDED[service]
    given = {name.replace(f"DOSSIER__{right}", f"DOSSIER__{wrong}"): APART[name] for name in names}
    said = (
        rf"^Set what is missing: SSO_SERVICES__DOSSIER__{right}_KEY_FILE \(of the pair that `sso keys service` makes; "
    )
    with pytest.raises(SettingsError, match=said):
        require(read_settings(given).settings, *needs)


@pytest.mark.parametrize("first", ["SECRET", "PUBLIC_KEY", "PRIVATE_KEY"])
@pytest.mark.parametrize("second", ["SECRET", "PUBLIC_KEY", "PRIVATE_KEY"])
def test_a_service_has_one_way_to_prove_who_it_is(first: str, second: str) -> None:
    given = {f"SSO_SERVICES__DOSSIER__{kind}_FILE": "/run/s3cret" for kind in (first, second)}
    if first == second:
        assert read_settings(given).settings.services.keys() == {"dossier"}
    else:
        assert "SSO_SERVICES__DOSSIER is wrong: it should have one of" in refusal(given)
        assert "s3cret" not in refusal(given)


def test_an_owner_without_a_database_is_missing_one() -> None:
    environment = {**COMPLETE, "SSO_DATABASE__IDENTITY_URL": COMPLETE["SSO_DATABASE__URL"]}
    del environment["SSO_DATABASE__URL"]
    with pytest.raises(SettingsError, match=r"SSO_DATABASE__PSEUDONIEM_URL .*SSO_DATABASE__DOSSIER_URL"):
        require(read_settings(environment).settings, *NEEDS)
