"""The commands that do not serve: what they print, and how they end."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from common.errors import SettingsError
from common.key_files import make_key, read_secret
from tests.support.command import Ended, sso

SECRET = "9f" * 32


def files(folder: Path) -> dict[str, str]:
    """Make keys; return all that production has to be told."""
    made = sso("keys", "init", "--out", str(folder))
    named = dict(line.split("=") for line in made.out.splitlines())
    stores = {"SSO_DATABASE__URL": f"sqlite:///{folder / 'sso.db'}", "SSO_REDIS__URL": "redis://:s3cret@redis:6379/0"}
    return {"SSO_ISSUER__URL": "https://sso.example", **stores, **named}


def said(ended: Ended, code: int) -> str:
    """Check the exit code and that there is one sentence; return it."""
    assert (ended.code, ended.out) == (code, ""), ended
    assert ended.err.startswith("sso: ")
    assert ended.err.count("\n") == 1
    return ended.err


def test_keys_are_for_their_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "keys"
    made = sso("keys", "init", "--out", str(folder))
    kept = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert kept.keys() == {"sealing.key", "digest.key"}
    assert len(set(kept.values())) == 2
    assert made.out == (f"SSO_KEYS__SEALING_FILE={folder}/sealing.key\nSSO_KEYS__DIGEST_FILE={folder}/digest.key\n")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))

    (folder / "sealing.key").unlink()
    assert "digest.key is there already" in said(sso("keys", "init", "--out", str(folder)), 2)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"digest.key": kept["digest.key"]}


def test_keys_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "No keys can be made in" in said(sso("keys", "init", "--out", str(tmp_path / "file")), 2)


def test_the_settings_are_shown_with_their_source_and_without_passwords(tmp_path: Path) -> None:
    config = tmp_path / "sso.toml"
    config.write_text('[database]\nurl = "postgresql://sso:s3cret@db/sso"\n')
    shown = sso("config", "show", "--config", str(config), SSO_REDIS__URL="redis://:s3cret@redis/0", SSO_FOO="1")
    assert "redis.url = redis://:***@redis/0  (SSO_REDIS__URL)\n" in shown.out
    assert "limits.launches = 600  (default)\n" in shown.out
    assert "issuer.url = not set  (default)\n" in shown.out
    assert shown.err == "Warning: SSO_FOO is no setting of this service.\n"


@pytest.mark.parametrize("password", ["s3cret", "s3:c@ret", "1%23s3cret"])
def test_no_part_of_a_password_is_shown(password: str) -> None:
    shown = sso("config", "show", SSO_DATABASE__URL=f"postgresql://sso:{password}@db/sso").out
    assert "database.url = postgresql://sso:***@db/sso  (SSO_DATABASE__URL)\n" in shown


def test_a_check_says_what_production_lacks(tmp_path: Path) -> None:
    settings = files(tmp_path)
    assert sso("config", "check", **settings).code == 0
    (tmp_path / "digest.key").unlink()
    assert "digest.key cannot be read" in said(sso("config", "check", **settings), 2)
    del settings["SSO_REDIS__URL"]
    assert "SSO_REDIS__URL" in said(sso("config", "check", **settings), 2)


def test_a_check_reads_the_other_sealing_key_too(tmp_path: Path) -> None:
    settings, other = files(tmp_path), tmp_path / "other.key"
    settings["SSO_KEYS__OTHER_SEALING_FILE"] = str(other)
    assert "other.key cannot be read" in said(sso("config", "check", **settings), 2)
    make_key(other)
    assert sso("config", "check", **settings).code == 0
    for name in ("sealing", "digest"):
        other.write_bytes((tmp_path / f"{name}.key").read_bytes())
        assert "are the same" in said(sso("config", "check", **settings), 2), name


def test_the_secret_of_a_service_has_to_be_beyond_guessing(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert read_secret(file) == SECRET
    file.write_text("s3cret\n")
    with pytest.raises(SettingsError, match="openssl rand") as caught:
        read_secret(file)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_secret(tmp_path)


@pytest.mark.parametrize("format_of", ["PEM", "JWK"])
@pytest.mark.parametrize("half", ["private", "public"])
def test_a_key_is_no_secret(tmp_path: Path, format_of: str, half: str) -> None:
    private = half == "private"
    file, key = tmp_path / "dossier.pem", ECKey.generate_key("P-256")
    text = key.as_pem(private=private).decode() if format_of == "PEM" else json.dumps(key.as_dict(private=private))
    file.write_text(f"\n{text}")
    with pytest.raises(SettingsError, match=r"has a key and no secret: .*PUBLIC_KEY_FILE") as caught:
        read_secret(file)
    assert text[30:60] not in str(caught.value)


def test_companies_are_asked_after_in_a_database_that_is_current(tmp_path: Path) -> None:
    settings = files(tmp_path)
    assert "run `sso migrate`" in said(sso("company", "list", **settings), 2)
    assert sso("migrate", **settings).code == 0
    assert sso("migrate", **settings).code == 0
    assert sso("company", "list", **settings) == Ended(0, "", "")
    for unknown in (str(uuid4()), "no id"):
        for command in ("show", "approve", "suspend", "resume", "withdraw-keys"):
            assert "no company with this id" in said(sso("company", command, unknown, **settings), 1)
        unlinking = ("professional", "unlink", unknown, "profID1241")
        assert "no company with this id" in said(sso(*unlinking, **settings), 1)
