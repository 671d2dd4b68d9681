"""Starting and stopping the demo: nothing is left behind, nothing is lost."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.demo_server import DemoServer

SECONDS = 10.0


@pytest.fixture
def own_demo() -> Iterator[DemoServer]:
    """A demo of the test's own, to stop and kill."""
    with DemoServer() as server:
        yield server


def valkey_pid(demo: DemoServer) -> int:
    """Return the id of the bundled Valkey, which serves from the demo's own folder."""
    folder = str(demo.folder)
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                directory, command = str((process / "cwd").readlink()), (process / "cmdline").read_bytes()
            except OSError:
                continue  # it has just ended
            if directory.startswith(folder) and b"valkey-server" in command:
                return int(process.name)
    raise AssertionError("no Valkey runs in the demo's folder")


def ended(pid: int) -> bool:
    """Wait until a process is gone; return whether it is."""
    end = time.monotonic() + SECONDS
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_demo_ends_its_valkey_ends_too(own_demo: DemoServer, number: signal.Signals) -> None:
    valkey, process = valkey_pid(own_demo), own_demo.pid

    os.kill(process, number)

    assert ended(valkey)
    own_demo.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_asked_to_stop_stops_in_order(own_demo: DemoServer, number: signal.Signals) -> None:
    valkey = valkey_pid(own_demo)
    os.kill(own_demo.pid, number)
    assert own_demo.wait() == 0
    assert not Path(f"/proc/{valkey}").exists()
    assert "Traceback" not in (own_demo.folder / "log").read_text()
    assert not (own_demo.folder / "var" / "sso.db-wal").exists()  # the databases were closed


def test_a_ctrl_c_in_the_terminal_does_not_reach_the_valkey_before_the_demo_has_stopped(demo: DemoServer) -> None:
    assert os.getsid(valkey_pid(demo)) != os.getsid(demo.pid)


async def test_a_second_start_keeps_companies_dossiers_and_keys(own_demo: DemoServer) -> None:
    bsn = fresh_bsn()
    async with own_demo.ehr_client() as ehr:
        dossier = (await ehr.post("/dossier", json={"bsn": bsn})).json()
    keys = httpx2.get(f"{own_demo.url}/.well-known/jwks.json").json()

    own_demo.stop()
    own_demo.start()

    assert httpx2.get(f"{own_demo.url}/.well-known/jwks.json").json() == keys
    async with own_demo.ehr_client() as ehr:
        again = await ehr.post("/dossier", json={"bsn": bsn})
        assert (again.status_code, again.json()) == (200, dossier)


def test_what_lies_in_the_data_folder_is_for_its_owner_alone(demo: DemoServer) -> None:
    data = demo.folder / "var"
    kept = [data, *data.rglob("*")]
    assert {"sealing.key", "digest.key", "ehr.json", "demo-service.json", "sso.db"} <= {path.name for path in kept}
    assert [path.name for path in kept if path.stat().st_mode & 0o077] == []
