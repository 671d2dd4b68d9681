"""The service that is measured: production's application on SQLite and the bundled Valkey, in a folder of its own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from common.clock import Clock, wall_clock
from common.key_files import make_key
from common.settings import (
    CompanySettings,
    DatabaseSettings,
    IssuerSettings,
    KeySettings,
    LimitSettings,
    RedisSettings,
    Settings,
)
from services.all import open_all
from services.bench.caller import Caller
from services.bench.vendor import PATIENTS, Vendor
from services.databases import OWNERS, open_databases
from services.migrate import migrate
from services.valkey import BundledValkey

HOST: Final = "127.0.0.1"
_MANY: Final = 10**6
_ANSWERED: Final = (200, 403)
"""What a question for a permission is answered with: nobody has chosen yet, so 403."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A service with one company, whose EHR launches."""

    caller: Caller
    company_id: str
    secret: str
    vendor: Vendor
    bearer: str
    clock: Clock

    async def launch(self, token: str) -> None:
        """Launch. Raises RuntimeError if that is refused."""
        await self.caller.post("/sso/launch", {"token": token, "clientId": self.company_id})

    async def permission(self, bsn: str) -> None:
        """Ask for the permission of a patient. Raises RuntimeError if there is no answer."""
        status, answer = await self.caller.ask("GET", f"/dossier/{bsn}/permission", authorization=self.bearer)
        if status not in _ANSWERED:
            raise RuntimeError(f"{status} {answer[:300]!r}")

    async def token(self) -> str:
        """Return an access token for the company's secret."""
        credentials = {"companyId": self.company_id, "companySecret": self.secret}
        return str((await self.caller.post("/auth/token", credentials))["access_token"])


@contextmanager
def stores(folder: Path) -> Iterator[Settings]:
    """Give settings with stores of their own in `folder`, of which Valkey runs. From the main thread.

    Raises SettingsError.
    """
    for name in ("sealing", "digest"):
        make_key(folder / f"{name}.key")
    valkey = BundledValkey(folder / "valkey")
    valkey.start()
    try:
        yield Settings(
            issuer=IssuerSettings(url=f"http://{HOST}"),
            redis=RedisSettings(url=valkey.url),
            database=DatabaseSettings(url=f"sqlite:///{folder / 'sso.db'}"),
            keys=KeySettings(sealing_file=folder / "sealing.key", digest_file=folder / "digest.key"),
            companies=CompanySettings(registration="open"),
            limits=LimitSettings(launches=_MANY, token_requests=_MANY, refusals=_MANY),
        )
    finally:
        valkey.stop()


@asynccontextmanager
async def open_measured(settings: Settings) -> AsyncIterator[Measured]:
    """Give the service with a company, and with its patients' dossiers. Raises SettingsError."""
    databases = open_databases(dict.fromkeys((owner.name for owner in OWNERS), str(settings.database.url)))
    try:
        await migrate(databases)
    finally:
        await databases.close()
    async with open_all(settings) as app:
        caller, vendor = Caller(app, HOST), Vendor()
        registered = await caller.post("/company/register", {"companyName": "Huisartsenpraktijk De Linde"})
        company = partial(Measured, caller, registered["companyId"], registered["companySecret"], vendor)
        bearer = f"Bearer {await company('', wall_clock).token()}"
        measured = company(bearer, wall_clock)
        await caller.post("/company/keys", {"jwk": vendor.public_jwk()}, authorization=bearer)
        for bsn in PATIENTS:
            await caller.post("/dossier", {"bsn": bsn}, authorization=bearer)
        for token in vendor.tokens(2 * len(PATIENTS), wall_clock()):
            await measured.launch(token)
        yield measured
