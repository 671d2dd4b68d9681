"""A start that cannot succeed ends in one sentence that says how to mend it, and leaves nothing running."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.key_files import make_key
from tests.support import started
from tests.support.demo_server import DemoServer
from tests.support.servers.loopback import HOST, free_port

SSO = str(Path(sys.executable).with_name("sso"))


def refusal(data: Path, *options: str, **settings: str) -> str:
    """Start a demo that must not start; return what it says."""
    port = ["--port", str(free_port())]
    return started.refusal("demo", *port, *options, **{"SSO_DATA_DIR": str(data), **settings})


def test_the_command_ends_as_the_start_does(tmp_path: Path, demo: DemoServer) -> None:
    """As a shell runs it; the other tests spare themselves the loading."""
    ended = subprocess.run(
        [SSO, "serve", "demo", "--port", str(demo.port)],
        env={**os.environ, "SSO_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("sso: ")
    assert ended.stderr.count("\n") == 1


def test_a_busy_port_is_named_with_the_cure(tmp_path: Path, demo: DemoServer) -> None:
    said = refusal(tmp_path, "--port", str(demo.port))
    assert f"Port {demo.port} is in use" in said
    assert f"PORT={demo.port + 1}" in said


def test_a_data_folder_in_use_is_named(demo: DemoServer) -> None:
    assert "is in use by another" in refusal(demo.folder / "var")


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be used" in refusal(tmp_path / "file")


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "sso.db").write_bytes(b"this is no database" * 100)
    said = refusal(tmp_path)
    assert "sso.db cannot be used" in said
    assert "make clean" in said


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "sealing.key").write_text("too short\n")
    assert "sealing.key is damaged" in refusal(tmp_path)


@pytest.fixture(scope="module")
def stopped() -> Iterator[DemoServer]:
    """A demo that has run and left its data."""
    with DemoServer() as server:
        server.stop()
        yield server


@pytest.mark.parametrize(("key", "says"), [("sealing", "does not open"), ("digest", "digest key is not the one")])
def test_a_foreign_key_is_refused_before_it_can_do_harm(
    tmp_path: Path, stopped: DemoServer, key: str, says: str
) -> None:
    make_key(tmp_path / "foreign.key")
    said = refusal(stopped.folder / "var", **{f"SSO_KEYS__{key.upper()}_FILE": str(tmp_path / "foreign.key")})
    assert says in said


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("SSO_ISSUER__URL", "127.0.0.1:8080", "SSO_ISSUER__URL"),
        ("SSO_REDIS__URL", "http://localhost", "SSO_REDIS__URL"),
        ("SSO_DATABASE__URL", "mysql://localhost/sso", "SSO_DATABASE__URL is wrong"),
        ("SSO_DATABASE__URL", "no url", "SSO_DATABASE__URL is wrong"),
        ("SSO_DATABASE__URL", f"postgresql://sso:secret@{HOST}:1/sso", "cannot be used"),
        ("SSO_KEYS__DIGEST_FILE", "/nowhere/digest.key", "/nowhere/digest.key cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, setting: str, value: str, says: str) -> None:
    said = refusal(tmp_path, **{setting: value})
    assert says in said
    assert "secret" not in said
