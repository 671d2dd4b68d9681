"""Production in this process, on stores that are there already: what `sso serve all` serves."""

from pathlib import Path

from common.key_files import make_key
from common.settings import (
    CompanySettings,
    DatabaseSettings,
    IssuerSettings,
    KeySettings,
    OidcSettings,
    PatientSettings,
    RedisSettings,
    Settings,
)
from services.databases import OWNERS, open_databases
from services.migrate import migrate


async def make_ready(folder: Path, database_url: str) -> None:
    """Make keys in `folder`, and bring a database up."""
    for name in ("sealing", "digest"):
        make_key(folder / f"{name}.key")
    databases = open_databases({owner.name: database_url for owner in OWNERS})
    try:
        await migrate(databases)
    finally:
        await databases.close()


def production_settings(folder: Path, issuer: str, database_url: str, redis_url: str, oidc: OidcSettings) -> Settings:
    """Return settings of which nothing is missing, with the keys in `folder`."""
    return Settings(
        issuer=IssuerSettings(url=issuer),
        redis=RedisSettings(url=redis_url),
        database=DatabaseSettings(url=database_url),
        keys=KeySettings(sealing_file=folder / "sealing.key", digest_file=folder / "digest.key"),
        companies=CompanySettings(registration="open"),
        patients=PatientSettings(oidc=oidc),
    )
