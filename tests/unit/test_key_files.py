"""Key files: whole or not there, for their owner alone, never overwritten, and a sentence if they are damaged."""

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from common.errors import SettingsError
from common.key_files import KEY_BYTES, make_key, read_key
from keys import base64url

KEY = base64url.encode(bytes(range(KEY_BYTES)))


def test_a_key_that_was_made_is_read_back_and_no_two_are_alike(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("sealing.key", "digest.key")]
    for path in names:
        make_key(path)
    first, second = map(read_key, names)
    assert len(first) == len(second) == KEY_BYTES
    assert first != second
    assert read_key(names[0]) == first


def test_only_the_owner_can_read_a_key(tmp_path: Path) -> None:
    make_key(tmp_path / "sealing.key")
    assert stat.S_IMODE((tmp_path / "sealing.key").stat().st_mode) == 0o600


def test_a_key_is_never_written_over_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        make_key(path)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_that_make_the_same_key_at_once_one_does(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"

    def attempt(_: int) -> bytes:
        with suppress(FileExistsError):
            make_key(path)
        return read_key(path)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(attempt, range(8)))) == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", [KEY, f"{KEY}\n", f"{KEY}=\n", f"  {KEY}  \n\n"])
def test_a_key_may_have_white_space_round_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sealing.key"
    path.write_text(text)
    assert read_key(path) == bytes(range(KEY_BYTES))


DAMAGED = {
    "empty": b"",
    "white space": b"\n",
    "one character less": KEY[:-1].encode(),
    "one character more": f"{KEY}A".encode(),
    "two keys": f"{KEY}\n{KEY}\n".encode(),
    "16 octets": base64url.encode(bytes(16)).encode(),
    "raw octets": bytes(range(224, 256)),
    "UTF-16": KEY.encode("utf-16"),
    "another text": b"put the key here",
}


@pytest.mark.parametrize("octets", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_key_is_told_by_its_path_and_not_repeated(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "sealing.key"
    path.write_bytes(octets)
    with pytest.raises(SettingsError, match="damaged: put back the right one") as caught:
        read_key(path)
    assert str(path) in str(caught.value)
    assert KEY[:-1] not in str(caught.value)


def test_a_key_that_is_not_there_or_no_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.key", tmp_path):
        with pytest.raises(SettingsError, match=r"cannot be read: [^.]+\.$"):
            read_key(path)
