"""The key pair of a service of ours: each half in a file of its own, where it belongs, under the policy of all keys."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from joserfc.jwk import ECKey, OKPKey

from common.errors import SettingsError
from common.settings import ServiceSettings, Settings
from keys.service_keys import ServiceKey, make_pair, read_private_key, read_public_key
from services.own_services import read_own_credential, read_own_services
from tests.support.command import sso
from tests.support.desk import KEYS

Half = Literal["private", "public"]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """The private and the public half of a new pair."""
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    make_pair(private, public)
    return private, public


def test_a_pair_is_for_es256_and_both_halves_have_one_name(pair: tuple[Path, Path]) -> None:
    private, public = read_private_key(pair[0]), read_public_key(pair[1])
    assert (private.kid, private.alg) == (public.kid, public.alg) == (public.key.thumbprint(), "ES256")
    assert private.key.is_private
    assert not public.key.is_private


FORMS: dict[str, Callable[[Any, Half], str]] = {
    "a JWK": lambda key, half: json.dumps(key.as_dict(private=half == "private")),
    "PEM": lambda key, half: key.as_pem(private=half == "private").decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "alg"), [("RSA", "RS256"), ("ES256", "ES256"), ("ES384", "ES384"), ("EdDSA", "EdDSA")]
)
def test_every_type_of_key_that_a_partner_may_have_will_do(tmp_path: Path, form: str, kind: str, alg: str) -> None:
    (tmp_path / "private").write_text(FORMS[form](KEYS[kind], "private"))
    (tmp_path / "public").write_text(FORMS[form](KEYS[kind], "public") + "\n")
    private, public = read_private_key(tmp_path / "private"), read_public_key(tmp_path / "public")
    assert {private.kid, public.kid} == {KEYS[kind].thumbprint()}
    assert {private.alg, public.alg} == {alg}


@pytest.mark.parametrize("form", FORMS)
def test_a_private_key_is_not_taken_where_a_public_one_belongs_nor_the_other_way_round(
    tmp_path: Path, form: str
) -> None:
    key, file = ECKey.generate_key("P-256"), tmp_path / "key"
    file.write_text(FORMS[form](key, "private"))
    with pytest.raises(SettingsError, match="is private: it is for the service alone") as caught:
        read_public_key(file)
    assert str(key.as_dict(private=True)["d"]) not in str(caught.value)
    file.write_text(FORMS[form](key, "public"))
    with pytest.raises(SettingsError, match=r"There is no private key in .*`sso keys service` makes a pair"):
        read_private_key(file)


def _private(key: Any, **changes: Any) -> str:
    return json.dumps({**key.as_dict(private=True), **changes})


UNFIT: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "half an object": lambda: '{"kty": "EC"',
    "no members": lambda: "{}",
    "a member twice": lambda: '{"kty": "EC", "kty": "RSA"}',
    "a shared secret": lambda: '{"kty": "oct", "k": "c2VjcmV0LXRoYXQtc2hvdWxkLW5vdC1iZS1zaG93bg"}',
    "a curve for something else": lambda: _private(OKPKey.generate_key("X25519")),
    "an algorithm of another kind": lambda: _private(KEYS["RSA"], alg="HS256"),
    "a use for something else": lambda: _private(KEYS["ES256"], use="enc"),
    "a private member that is none": lambda: _private(KEYS["ES256"], d=5),
    "a private member of another key": lambda: _private(KEYS["ES256"], d=KEYS["ES384"].as_dict(private=True)["d"]),
    "a PEM block with nothing in it": lambda: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    "a PEM block with a password": lambda: KEYS["ES256"].as_pem(private=True, password="s3cret").decode(),
    "two PEM blocks": lambda: KEYS["ES256"].as_pem(private=False).decode() * 2,
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_is_no_key_of_the_policy_stops_the_start_with_a_sentence(tmp_path: Path, case: str) -> None:
    file, text = tmp_path / "key", UNFIT[case]()
    file.write_text(text)
    for read in (read_private_key, read_public_key):
        with pytest.raises(SettingsError) as caught:
            read(file)
        assert str(file) in str(caught.value)
        assert not [part for part in text.split('"') if len(part) > 12 and part in str(caught.value)]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "octets").write_bytes(b"\xff\xfe")
    for read in (read_private_key, read_public_key):
        with pytest.raises(SettingsError, match=r"none\.pem cannot be read: No such file"):
            read(tmp_path / "none.pem")
        with pytest.raises(SettingsError, match="octets"):
            read(tmp_path / "octets")


def service(**files: Path) -> Settings:
    return Settings(services={"dossier": ServiceSettings(**files)})


def test_identity_knows_a_service_by_its_public_key_or_its_secret(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    secret = tmp_path / "secret"
    secret.write_text("9f" * 32)
    by_key = read_own_services(service(public_key_file=pair[1]))
    assert {name: key.kid for name, key in by_key.keys.items()} == {"dossier": read_public_key(pair[1]).kid}
    by_secret = read_own_services(service(secret_file=secret))
    assert (set(by_key.secrets), set(by_secret.secrets), by_secret.keys) == (set(), {"dossier"}, {})


def test_identity_does_not_start_with_the_private_key_of_another(pair: tuple[Path, Path]) -> None:
    with pytest.raises(SettingsError, match=r"DOSSIER__PRIVATE_KEY_FILE is for dossier alone: .*PUBLIC_KEY_FILE"):
        read_own_services(service(private_key_file=pair[0]))
    with pytest.raises(SettingsError, match="is private: it is for the service alone"):
        read_own_services(service(public_key_file=pair[0]))


def test_no_two_services_have_one_key(pair: tuple[Path, Path]) -> None:
    one = ServiceSettings(public_key_file=pair[1])
    with pytest.raises(SettingsError, match="Two services have the same key: make each its own"):
        read_own_services(Settings(services={"dossier": one, "website": one}))


def test_a_service_proves_who_it_is_by_its_private_key_or_its_secret(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    secret = tmp_path / "secret"
    secret.write_text("9f" * 32)
    own = read_own_credential(ServiceSettings(private_key_file=pair[0]))
    assert isinstance(own, ServiceKey)
    assert own.key.is_private
    assert read_own_credential(ServiceSettings(secret_file=secret)) == "9f" * 32


def test_the_command_makes_a_pair_for_its_owner_alone_and_never_over_an_older_one(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "keys"
    made = sso("keys", "service", "dossier", "--out", str(folder))
    named = dict(line.split("=") for line in made.out.splitlines())
    assert named.keys() == {f"SSO_SERVICES__DOSSIER__{half}_KEY_FILE" for half in ("PRIVATE", "PUBLIC")}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))
    private, public = (Path(named[f"SSO_SERVICES__DOSSIER__{half}_KEY_FILE"]) for half in ("PRIVATE", "PUBLIC"))
    assert read_private_key(private).kid == read_public_key(public).kid

    private.unlink()  # one half is enough to stop it
    kept = public.read_text()
    again = sso("keys", "service", "dossier", "--out", str(folder))
    assert (again.code, "is there already, and a key is never written over" in again.err) == (2, True)
    assert (list(folder.iterdir()), public.read_text()) == ([public], kept)


@pytest.mark.parametrize("name", ["Dossier", "../dossier", "dossier__x", "2nd", ""])
def test_the_command_makes_none_for_a_name_that_no_setting_can_have(tmp_path: Path, name: str) -> None:
    assert sso("keys", "service", name, "--out", str(tmp_path / "keys")).code == 2
    assert not (tmp_path / "keys").exists()
