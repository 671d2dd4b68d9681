"""Production in this process, on stores that are there already: what `sso serve all` serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.types import ASGIApp

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
from services.all import open_all
from services.databases import OWNERS, open_databases
from services.migrate import migrate


def production_settings(
    folder: Path, issuer: str, database_url: str, redis_url: str, oidc: OidcSettings | None = None
) -> Settings:
    """Return settings of which nothing is missing, with keys of their own in `folder`."""
    for name in ("sealing", "digest"):
        make_key(folder / f"{name}.key")
    return Settings(
        issuer=IssuerSettings(url=issuer),
        redis=RedisSettings(url=redis_url),
        database=DatabaseSettings(url=database_url),
        keys=KeySettings(sealing_file=folder / "sealing.key", digest_file=folder / "digest.key"),
        companies=CompanySettings(registration="open"),
        patients=PatientSettings(oidc=oidc or OidcSettings()),
    )


@asynccontextmanager
async def open_production(settings: Settings) -> AsyncIterator[ASGIApp]:
    """Give production's application, on a schema that is current."""
    url = settings.database.url or ""
    databases = open_databases({owner.name: url for owner in OWNERS})
    try:
        await migrate(databases)
    finally:
        await databases.close()
    async with open_all(settings) as app:
        yield app
