"""The browser that tests drive: one of the system's, as the bundled ones need a download of their own."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # root, and most containers, cannot have one; the tests visit only their own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str:
    """The path of the browser: TEST_CHROMIUM or one on PATH. Raises RuntimeError where there is none."""
    named = os.environ.get("TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("no Chromium: `make test` installs it, or name one with TEST_CHROMIUM")
    return found


def environment(home: Path) -> dict[str, str | float | bool]:
    """The browser's environment: ours, with its own caches and settings kept in `home`."""
    folders = {"XDG_CONFIG_HOME": home / "config", "XDG_CACHE_HOME": home / "cache"}
    return {**os.environ, **{name: str(folder) for name, folder in folders.items()}}
