"""`sso keys`: what an operator sees of our own keys, and does to them; what cannot be is said in one sentence."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun import freeze_time

from common.clock import wall_clock
from common.key_files import make_key, read_key
from keys.keeper import KeyKeeper
from keys.ring import Purpose, SealedKey
from keys.schedule import LEAST_KEPT, Planned
from keys.sealing import Sealer
from keys.store_sql import SqlSigningKeys
from services.databases import open_databases
from tests.support.command import Ended, sso
from tests.support.memory import MemoryAudit
from tests.support.own_keys import ROTATION
from tests.support.servers.postgres_server import PostgresServer


class Office:
    """A database with a key of each purpose, and who runs commands on it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.settings = {"SSO_DATABASE__URL": database_url, "SSO_KEYS__SEALING_FILE": str(folder / "sealing.key")}
        make_key(folder / "sealing.key")
        assert sso("migrate", **self.settings).code == 0

    def keys(self, *arguments: str, **changed: str) -> Ended:
        return sso("keys", *arguments, **self.settings | changed)

    def start(self) -> None:
        """Make the first keys, as a service does."""
        asyncio.run(self._start())

    def append(self, key: SealedKey) -> None:
        asyncio.run(self._append(key))

    def listed(self) -> dict[str, tuple[str, str]]:
        """Return the purpose and the state of each key."""
        lines = [line.split() for line in self.keys("list").out.splitlines()]
        return {words[0]: (words[1], words[2]) for words in lines}

    def one(self, purpose: str, state: str) -> str:
        """Return the name of the one key of a purpose in a state."""
        (kid,) = [kid for kid, told in self.listed().items() if told == (purpose, state)]
        return kid

    async def _start(self) -> None:
        databases = open_databases({"identity": self.settings["SSO_DATABASE__URL"]})
        store, sealer = SqlSigningKeys(databases.identity), Sealer(read_key(self.folder / "sealing.key"))
        for purpose in Purpose:
            await KeyKeeper(store, MemoryAudit(), sealer, wall_clock, ROTATION).open(purpose)
        await databases.close()

    async def _append(self, key: SealedKey) -> None:
        databases = open_databases({"identity": self.settings["SSO_DATABASE__URL"]})
        await SqlSigningKeys(databases.identity).append(key)
        await databases.close()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    opened = Office(tmp_path, f"sqlite:///{tmp_path / 'sso.db'}")
    opened.start()
    return opened


def said(ended: Ended, code: int) -> str:
    """Check the exit code and that there is one sentence; return it."""
    assert (ended.code, ended.out) == (code, ""), ended
    assert ended.err.startswith("sso: ")
    assert ended.err.count("\n") == 1
    return ended.err


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> str:
    return await postgres_server.create_database()


def test_on_postgresql_an_operator_rotates_and_revokes_as_well(tmp_path: Path, postgres_url: str) -> None:
    office = Office(tmp_path, postgres_url)
    office.start()
    old = office.one("access", "signs")
    assert office.keys("rotate", "access").code == 0
    assert office.keys("revoke", old).code == 0
    assert office.listed()[old] == ("access", "out")
    assert office.one("access", "signs") != old


def test_the_list_says_what_each_key_does_and_when(office: Office) -> None:
    first = office.one("access", "signs")
    assert office.keys("rotate").code == 0
    second = office.one("access", "announced")
    line = next(line for line in office.keys("list").out.splitlines() if line.startswith(second))
    with freeze_time(wall_clock() + ROTATION.announced + timedelta(seconds=1)):
        assert office.listed()[first] == ("access", "published")
        assert office.listed()[second] == ("access", "signs")
        assert line.endswith("to open, published to open")
    with freeze_time(wall_clock() + ROTATION.announced + ROTATION.kept + timedelta(seconds=1)):
        assert office.listed()[first] == ("access", "out")


def test_rotating_says_from_when_the_next_key_signs_and_twice_is_once(office: Office) -> None:
    at = wall_clock() + ROTATION.announced
    told = office.keys("rotate", "sso")
    kid = office.one("sso", "announced")
    assert told.out.startswith(f"{kid} signs for sso from {at:%Y-%m-%d}")
    assert office.keys("rotate", "sso") == told
    assert office.keys("rotate").out.startswith(office.one("access", "announced"))


def test_a_key_is_retired_after_its_tokens_and_not_before(office: Office) -> None:
    old = office.one("access", "signs")
    office.keys("rotate", "access")
    assert "Tokens under this key are good" in said(office.keys("retire", old), 1)
    with freeze_time(wall_clock() + ROTATION.announced + LEAST_KEPT + timedelta(seconds=1)):
        assert office.keys("retire", old).out == f"{old} is out of the key set.\n"
        assert office.listed()[old] == ("access", "out")


def test_revoking_says_what_is_out_and_another_key_signs(office: Office) -> None:
    stolen = office.one("access", "signs")
    assert office.keys("revoke", stolen).out.startswith(f"{stolen} is out, for ever.")
    assert office.one("access", "signs") != stolen
    assert office.keys("revoke", stolen).code == 0
    assert stolen not in office.keys("export").out


def test_a_key_whose_name_begins_with_a_hyphen_can_be_named(office: Office) -> None:
    now = wall_clock()
    kid = "-c" + "A" * 41
    office.append(SealedKey(kid, Purpose.ACCESS, Planned(9, now, now + timedelta(days=1)), b""))
    assert "Tokens under this key" in said(office.keys("retire", kid), 1)
    assert office.keys("revoke", kid).code == 0
    assert office.listed()[kid] == ("access", "out")
    assert "no key of ours" in said(office.keys("revoke", "--" + "x" * 41), 1)


def test_the_export_is_the_key_set_and_makes_nothing(office: Office, tmp_path: Path) -> None:
    keys = json.loads(office.keys("export").out)["keys"]
    assert {key["kid"] for key in keys} == office.listed().keys()
    assert not any(PRIVATE & key.keys() for key in keys)
    (tmp_path / "empty").mkdir()
    empty = Office(tmp_path / "empty", f"sqlite:///{tmp_path / 'empty.db'}")
    assert json.loads(empty.keys("export").out) == {"keys": []}
    assert empty.listed() == {}
    assert "no key yet" in said(empty.keys("rotate"), 1)


PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}

COMMANDS: dict[str, list[str]] = {
    "list": ["list"],
    "rotate": ["rotate"],
    "retire": ["retire", "x"],
    "revoke": ["revoke", "x"],
    "export": ["export"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_a_command_lacks_is_said_in_one_sentence(office: Office, tmp_path: Path, command: list[str]) -> None:
    file = {"SSO_KEYS__SEALING_FILE": office.settings["SSO_KEYS__SEALING_FILE"]}
    assert "SSO_DATABASE__IDENTITY_URL" in said(sso("keys", *command, **file), 2)
    without = {"SSO_DATABASE__URL": office.settings["SSO_DATABASE__URL"]}
    assert "SSO_KEYS__SEALING_FILE" in said(sso("keys", *command, **without), 2)
    old = f"sqlite:///{tmp_path / 'old.db'}"
    assert "run `sso migrate`" in said(office.keys(*command, SSO_DATABASE__URL=old), 2)
    assert "KEEP_MINUTES is too short" in said(office.keys(*command, SSO_KEYS__KEEP_MINUTES="10"), 2)


@pytest.mark.parametrize("command", ["rotate", "revoke", "export"])
def test_with_another_sealing_key_nothing_is_made(office: Office, tmp_path: Path, command: str) -> None:
    make_key(tmp_path / "another.key")
    before = office.listed()
    arguments = [command, office.one("access", "signs")] if command == "revoke" else [command]
    ended = office.keys(*arguments, SSO_KEYS__SEALING_FILE=str(tmp_path / "another.key"))
    assert "Put back the sealing key" in said(ended, 2)
    assert office.listed() == before


@pytest.mark.parametrize("command", ["retire", "revoke"])
def test_a_key_that_is_none_of_ours_is_refused_with_what_to_look_at(office: Office, command: str) -> None:
    assert "`sso keys list` shows them" in said(office.keys(command, "x" * 43), 1)


UNSOUND = {
    "SSO_KEYS__ANNOUNCE_MINUTES": ("8", "ANNOUNCE_MINUTES is too short"),
    "SSO_KEYS__KEEP_MINUTES": ("19", "KEEP_MINUTES is too short"),
    "SSO_KEYS__ROTATE_DAYS": ("1000000000", "rotate_days"),
}


@pytest.mark.parametrize("setting", UNSOUND)
def test_settings_that_would_strand_a_token_are_named_by_the_check(tmp_path: Path, setting: str) -> None:
    value, sentence = UNSOUND[setting]
    made = sso("keys", "init", "--out", str(tmp_path))
    files = dict(line.split("=") for line in made.out.splitlines())
    stores = {"SSO_DATABASE__URL": f"sqlite:///{tmp_path / 'sso.db'}", "SSO_REDIS__URL": "redis://redis:6379/0"}
    settings = {"SSO_ISSUER__URL": "https://sso.example", **stores, **files}
    assert sso("config", "check", **settings).code == 0
    assert sentence.lower() in said(sso("config", "check", **settings | {setting: value}), 2).lower()
