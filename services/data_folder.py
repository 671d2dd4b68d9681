"""The folder that the demo keeps its data in: one process at a time, readable by its owner alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import SettingsError


@contextmanager
def data_folder(path: Path) -> Iterator[Path]:
    """Make the folder if need be, and hold it. Raises SettingsError if it cannot be used or another process has it.

    From here on the process makes files for its owner alone, whichever library makes them.
    """
    os.umask(0o077)
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(
            f"The data folder {path} cannot be used ({error.strerror}): make it writable, or set SSO_DATA_DIR."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SettingsError(
            f"The data folder {path} is in use by another `sso serve`: stop that one, or name another in SSO_DATA_DIR."
        ) from None
    else:
        yield path.absolute()
    finally:
        os.close(lock)
