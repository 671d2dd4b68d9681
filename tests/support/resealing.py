"""An installation whose sealing key is changed, with something sealed in every place."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

from common.key_files import make_key, read_key
from common.settings import KeySettings
from common.sql import Database
from identity.patients.store_sql import patients
from keys.sealing import Sealer
from services.reseal import reseal
from tests.support.bsns import fresh_bsn
from tests.support.command import Ended, sso
from tests.support.ehr import PROFESSIONAL
from tests.support.groups import create_dossier, create_group
from tests.support.world import PAGE, Company, World, open_world

PATIENT = {"lastName": "Jansen"}
NAMES = ("sealed_first_name", "sealed_last_name")


class Installation:
    """A service on a database of its own, that is started again and again with other keys."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self._redis_url = redis_url
        for name in ("old", "new"):
            make_key(folder / f"{name}.key")

    def started(self, sealing: str, other: str | None = None) -> AbstractAsyncContextManager[World]:
        """Start it with these sealing keys."""
        keys = KeySettings(sealing_file=self.file(sealing), other_sealing_file=self.file(other) if other else None)
        return open_world(self.folder, self.database_url, self._redis_url, keys=keys)

    async def command(self, sealing: str = "new", other: str = "old", *, owner: str = "") -> Ended:
        """Run `sso keys reseal` beside the service; with one owner's database alone, as where services run apart."""
        settings = {
            f"SSO_DATABASE__{owner}_URL" if owner else "SSO_DATABASE__URL": self.database_url,
            "SSO_KEYS__SEALING_FILE": str(self.file(sealing)),
            "SSO_KEYS__OTHER_SEALING_FILE": str(self.file(other)),
        }
        return await asyncio.to_thread(sso, "keys", "reseal", **settings)

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def sealer(self, name: str, other: str | None = None) -> Sealer:
        return Sealer(read_key(self.file(name)), read_key(self.file(other)) if other else None)


async def filled(world: World) -> tuple[Company, dict[str, str], str]:
    """Have something sealed in every place; return the company, a launched browser's cookies and a form's address."""
    company, bsn = await world.company(alg="ES256"), fresh_bsn()
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"firstname": "Zoë", "bsn": bsn}))
    async with world.another_client() as browser:
        launched = await browser.post("/sso/launch", data={"token": token}, headers=PAGE)
        cookies = {"Cookie": launched.headers["set-cookie"].partition(";")[0]}
        form = {"bsn": bsn, "firstName": "Zoë", **PATIENT}
        assert (await browser.post("/register", data=form, headers=PAGE)).status_code == 303
    await create_dossier(company, await create_group(company), {"external_identifier": "EPD-1"}, firstname="Zoë")
    told = company.ehr.sign(world.claims(company, sub="profID7", profInfo={"firstname": "Johanna"}))
    return company, cookies, (await company.launch(told)).json()["professional"]["registrationUrl"]


async def resealed(database: Database, sealer: Sealer) -> dict[str, int]:
    """Reseal; return how many rows of each table."""
    done: dict[str, int] = {}
    async for batch in reseal(database, sealer):
        done[batch.table] = done.get(batch.table, 0) + batch.done
    return done


async def damage(database: Database, sealer: Sealer) -> list[str]:
    """Spoil the names of three of five patients: one ends otherwise, two are sealed with a third key; return the rows.

    The first of the table is one of them.
    """
    spoilt: list[str] = []
    third = Sealer(bytes(32)).seal("Zoë", "patients.sealed_first_name", "")
    names = [UUID(int=number) for number in range(5)]
    async with database.transaction() as connection:
        for pseudoniem in names:
            sealed = [sealer.seal("Zoë", f"patients.{column}", pseudoniem) for column in NAMES]
            if pseudoniem in (names[0], names[1], names[3]):
                sealed[0] = third if spoilt else sealed[0][:-1] + bytes([sealed[0][-1] ^ 1])
                spoilt.append(f"patients {pseudoniem}")
            values = dict(zip(NAMES, sealed, strict=True))
            await connection.execute(patients.insert().values(pseudoniem=pseudoniem, **values))
    return spoilt
