"""What the files of a deployment promise: who is given which secret, who can reach whom, and what is in the image."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from common.settings import Settings
from common.settings_source import read_settings
from services.apart import WEBSITE_NEEDS
from services.databases import urls_of
from services.openid.wiring import credential_of
from services.required import require, website_sign_in_needs
from tests.support.command import sso
from tests.support.servers.loopback import HOST
from tools.stack.compose_file import ROOT, canonical, containers
from tools.stack.translation import Translation, translate

BIN = Path(sys.executable).parent
OURS = ("identity", "pseudoniem", "dossier", "website")
DATABASES = {"identity": {"identity"}, "pseudoniem": {"pseudoniem"}, "dossier": {"dossier"}, "website": set[str]()}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the secrets that `make secrets` makes."""
    folder = tmp_path_factory.mktemp("place")
    make_secrets(folder).check_returncode()
    return folder


@pytest.fixture(scope="module")
def form(place: Path) -> dict[str, Any]:
    """docker-compose.yml in its canonical form."""
    return canonical(place)


@pytest.fixture(scope="module")
def translations(form: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Translation]:
    """The world of each container, with its files where this test can read them."""
    everyone = containers(form)
    addresses = {one.name: f"127.200.1.{number}" for number, one in enumerate(everyone, 1)}
    return {one.name: translate(one, addresses, one.fixed, tmp_path_factory.mktemp(one.name)) for one in everyone}


@pytest.fixture(scope="module")
def settings(translations: dict[str, Translation]) -> dict[str, Settings]:
    """What each of our services is given."""
    given = {name: read_settings(translations[name].environment()) for name in (*OURS, "migrate")}
    assert [one.unknown for one in given.values()] == [[]] * len(given)
    return {name: one.settings for name, one in given.items()}


def make_secrets(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools/secrets.sh"), str(folder)], capture_output=True, text=True, check=False
    )


def delivered() -> Iterator[Path]:
    """Yield every file that the project's packages consist of."""
    for package in PROJECT["tool"]["importlinter"]["root_packages"]:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT)


def let_through() -> list[str]:
    """Return what .dockerignore lets into the build of the image."""
    return re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)


def test_the_dockerfile_has_no_fault() -> None:
    ended = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_compose_accepts_the_file_as_it_is_in_the_repository() -> None:
    command = [str(BIN / "docker-compose"), "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_image_is_made_of_every_file_of_every_package(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in let_through():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        source.mkdir(exist_ok=True)
        copy(ROOT / name, source / name)
    command = [str(BIN / "uv"), "build", "--offline", "--wheel", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*command, "--out-dir", str(tmp_path), str(source)], capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {path.as_posix() for path in delivered()}


def test_the_version_of_the_image_is_that_of_the_project(form: dict[str, Any]) -> None:
    assert {form["services"][name]["image"] for name in (*OURS, "migrate")} == {
        f"sso-in-context:{PROJECT['project']['version']}"
    }


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_every_setting_and_secret_that_it_needs(name: str, translations: dict[str, Translation]) -> None:
    ended = sso("config", "check", name, **translations[name].environment())
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_its_own_database_and_no_other(name: str, settings: dict[str, Settings]) -> None:
    assert set(urls_of(settings[name].database)) == DATABASES[name]


def test_those_who_migrate_have_the_databases_and_nothing_else(
    form: dict[str, Any], settings: dict[str, Settings]
) -> None:
    assert set(urls_of(settings["migrate"].database)) == {"identity", "pseudoniem", "dossier"}
    assert {one["source"] for one in form["services"]["migrate"]["secrets"]} == {"migrate.toml"}


def test_each_key_is_in_one_service_alone(settings: dict[str, Settings]) -> None:
    assert {name for name in OURS if settings[name].keys.digest_file} == {"pseudoniem"}
    sealing = {name: settings[name].keys.sealing_file for name in OURS}
    assert {name for name in OURS if sealing[name]} == {"identity", "dossier"}
    keys = [key.read_bytes() for key in (sealing["identity"], sealing["dossier"]) if key]
    assert len(set(keys)) == 2


def test_a_service_knows_the_secret_that_is_its_own_and_identity_knows_all(settings: dict[str, Settings]) -> None:
    assert {name: set(settings[name].services) for name in OURS} == {
        "identity": {"dossier", "website"},
        "pseudoniem": set(),
        "dossier": {"dossier"},
        "website": {"website"},
    }


@pytest.mark.parametrize("name", [*OURS, "migrate"])
def test_no_secret_is_mounted_that_no_setting_names(name: str, form: dict[str, Any]) -> None:
    service = form["services"][name]
    mounted = {f"/run/secrets/{one['target'].removeprefix('/run/secrets/')}" for one in service["secrets"]}
    assert mounted == {value for value in service["environment"].values() if value.startswith("/run/secrets/")}


def test_with_the_lines_about_it_the_website_has_the_sign_in_of_patients(place: Path, tmp_path: Path) -> None:
    text, uncommented = re.subn(
        r"# (SSO_PATIENTS__OIDC__|- oidc|oidc\.secret: )", r"\1", (ROOT / "docker-compose.yml").read_text()
    )
    assert uncommented == 3
    (tmp_path / "docker-compose.yml").write_text(text)
    shutil.copytree(place, tmp_path / "place")
    secrets = tmp_path / "place" / "secrets"
    (secrets / "oidc.secret").write_text("what the provider gave us")
    with (secrets / "website.toml").open("a") as settings:
        settings.write('[patients.oidc]\nissuer = "https://broker.example"\nclient_id = "sso"\n')
    everyone = containers(canonical(tmp_path / "place", tmp_path / "docker-compose.yml"))
    (website,) = (one for one in everyone if one.name == "website")
    environment = translate(website, {one.name: HOST for one in everyone}, website.fixed, tmp_path).environment()
    given = read_settings(environment)
    assert (given.unknown, given.settings.patients.oidc.issuer) == ([], "https://broker.example")
    require(given.settings, *WEBSITE_NEEDS, *website_sign_in_needs(given.settings))
    assert credential_of(given.settings) == "what the provider gave us"


def test_no_password_is_in_the_file_or_the_environment(form: dict[str, Any], place: Path) -> None:
    shown = json.dumps(form)
    passwords = re.findall(r"[0-9a-f]{64}", "".join(file.read_text() for file in (place / "secrets").iterdir()))
    assert len(passwords) > 10
    assert [password for password in passwords if password in shown] == []


def test_only_the_gateway_publishes_a_port_and_unless_told_otherwise_to_this_machine(form: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in form["services"].items() if service.get("ports")}
    assert list(published) == ["gateway"]
    assert [port["host_ip"] for port in published["gateway"]] == ["127.0.0.1"]


def test_the_gateway_meets_only_those_whom_it_leads_to(form: dict[str, Any]) -> None:
    networks = {name: set(service["networks"]) for name, service in form["services"].items()}
    met = {name for name, own in networks.items() if own & networks["gateway"]} - {"gateway"}
    assert met == {"identity", "dossier", "website"}


def test_only_those_who_need_a_way_out_have_one_and_each_its_own(form: dict[str, Any]) -> None:
    open_ones = {name for name, network in form["networks"].items() if not network.get("internal")}
    out = {name: set(service["networks"]) & open_ones for name, service in form["services"].items()}
    assert {name: networks for name, networks in out.items() if networks} == {
        "gateway": {"outside"},
        "identity": {"vendors"},
        "website": {"provider"},
    }
    assert [name for name, service in form["services"].items() if service.get("network_mode")] == []


def test_who_has_no_database_cannot_reach_one(form: dict[str, Any]) -> None:
    networks = {name: set(service["networks"]) for name, service in form["services"].items()}
    near = {name for name, own in networks.items() if own & networks["postgres"]} - {"postgres"}
    assert near == {name for name in OURS if DATABASES[name]} | {"migrate"}


def test_every_container_is_held_as_tightly_as_can_be(form: dict[str, Any]) -> None:
    for name, service in form["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), name
        assert not service.get("privileged"), name


def test_nothing_is_served_before_the_schema_is_current(form: dict[str, Any]) -> None:
    for name in OURS:
        assert form["services"][name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_gateway_is_the_proxy_whose_word_is_taken(form: dict[str, Any]) -> None:
    address = form["services"]["gateway"]["networks"]["front"]["ipv4_address"]
    assert {form["services"][name]["environment"]["SSO_ISSUER__PROXIES"] for name in OURS} == {address}


def test_secrets_are_for_their_owner_alone_and_all_different(place: Path) -> None:
    files = list((place / "secrets").iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (place / "secrets").stat().st_mode & 0o777 == 0o700
    assert len({file.read_text() for file in files}) == len(files)


def test_secrets_are_never_written_over(place: Path) -> None:
    before = {file: file.read_text() for file in (place / "secrets").iterdir()}
    again = make_secrets(place)
    assert (again.returncode, again.stderr.count("never written over")) == (1, 1)
    assert {file: file.read_text() for file in (place / "secrets").iterdir()} == before


def test_secrets_are_no_part_of_the_repository_or_the_image() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/secrets/", "/data/", "/tls/", "/.env"} <= set(ignored)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert not {"secrets", "data", "tls", ".env"} & set(let_through())
