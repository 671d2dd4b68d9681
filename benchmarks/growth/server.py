"""A PostgreSQL server with room for much data, in a folder that is gone afterwards."""

import shutil
import tempfile
from typing import Final

from tests.support.servers.postgres_server import PostgresServer

BYTES_OF_A_DOSSIER: Final = 1_300
"""What one takes with all that belongs to it, indexes included: measured, rounded up."""

_SPARE: Final = 8 * 1024**3
"""For the journal of the fill, and for whoever else uses the disk."""
SETTINGS: Final = {
    "shared_buffers": "3GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "synchronous_commit": "off",
    "autovacuum": "off",  # a fill ends with VACUUM ANALYZE; nothing else shall run while something is measured
    "log_line_prefix": "%d> ",
    "log_checkpoints": "off",
}

AS_PRODUCTION: Final = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""What is off while a database is filled, and on while something is measured."""


class LargePostgres(PostgresServer):
    """Our own server, started with settings for much data."""

    def __init__(self, **settings: str) -> None:
        super().__init__(private=True)
        self._settings = SETTINGS | settings

    def restart(self, **settings: str) -> None:
        """Start again on the same data, with these settings too."""
        self.stop()
        self._settings |= settings
        self.start()

    def _command(self) -> list[str]:
        settings = (("-c", f"{name}={value}") for name, value in self._settings.items())
        return [*super()._command(), *(word for pair in settings for word in pair)]


def require_room(dossiers: int) -> None:
    """Raise SystemExit with what is missing, where the disk has no room for so many dossiers."""
    needed, free = dossiers * BYTES_OF_A_DOSSIER + _SPARE, shutil.disk_usage(tempfile.gettempdir()).free
    if free < needed:
        raise SystemExit(
            f"{dossiers:,} dossiers need {needed / 1e9:.0f} GB in {tempfile.gettempdir()}, and {free / 1e9:.0f} GB are "
            "free: set TMPDIR to a larger disk, or ask for fewer (--dossiers)."
        )
