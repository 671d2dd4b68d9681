"""The sealing key is changed while the service works: nothing is lost, and the old key opens nothing any more."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import select

from common.errors import SettingsError
from common.key_files import make_key, read_key
from common.settings import KeySettings
from common.sql import IDENTITY, Database
from keys.sealing import Sealer
from services.reseal import SEALED, left, reseal
from tests.scenarios.test_registration import send
from tests.support.bsns import fresh_bsn
from tests.support.command import sso
from tests.support.ehr import PROFESSIONAL
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.world import PAGE, Company, World, open_world

PATIENT = {"lastName": "Jansen"}


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

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def sealer(self, name: str, other: str | None = None) -> Sealer:
        return Sealer(read_key(self.file(name)), read_key(self.file(other)) if other else None)


@pytest.fixture(params=["sqlite", "postgresql"])
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer, postgres_server: PostgresServer
) -> Installation:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'sso.db'}" if sqlite else await postgres_server.create_database()
    return Installation(tmp_path, url, redis_server.url)


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    opened = Database(installation.database_url)
    yield opened
    await opened.close()


async def filled(world: World) -> tuple[Company, dict[str, str], str]:
    """Have something sealed in every place; return the company, a launched browser's cookies and a form's address."""
    company, bsn = await world.company(alg="ES256"), fresh_bsn()
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"firstname": "Zoë", "bsn": bsn}))
    async with world.another_client() as browser:
        launched = await browser.post("/sso/launch", data={"token": token}, headers=PAGE)
        cookies = {"Cookie": launched.headers["set-cookie"].partition(";")[0]}
        form = {"bsn": bsn, "firstName": "Zoë", **PATIENT}
        assert (await browser.post("/register", data=form, headers=PAGE)).status_code == 303
    told = company.ehr.sign(world.claims(company, sub="profID7", profInfo={"firstname": "Johanna"}))
    return company, cookies, (await company.launch(told)).json()["professional"]["registrationUrl"]


async def resealed(database: Database, sealer: Sealer) -> dict[str, int]:
    """Reseal; return how many rows of each table."""
    done: dict[str, int] = {}
    async for table, rows in reseal(database, sealer):
        done[table] = done.get(table, 0) + rows
    return done


async def test_the_key_is_changed_step_by_step_and_nothing_is_lost(
    installation: Installation, database: Database
) -> None:
    async with installation.started("old", "new") as world:  # both open, the old one seals
        company, cookies, address = await filled(world)
    async with installation.started("new", "old") as world:  # the new one seals
        assert (await world.client.get("/sso/session", headers=cookies)).status_code == 200
        both = installation.sealer("new", "old")
        before = await left(database, both)
        done = await resealed(database, both)
        assert (sum(done.values()), await left(database, both)) == (before, 0)
        assert set(done) == {place.table.name for place in SEALED}
        assert await resealed(database, both) == {}
    async with installation.started("new") as world:  # the old one is gone
        company.client = world.client
        session = await world.client.get("/sso/session", headers=cookies)
        assert session.json()["professional"]["status"] == "created"
        again = world.claims(company, sub="another sub", profInfo=PROFESSIONAL)
        matched = (await company.launch(company.ehr.sign(again))).json()["professional"]
        assert matched == session.json()["professional"] | {"sub": "another sub", "status": "matched"}
        assert (await send(world, address)).status_code in {303, 401}


async def test_a_form_that_was_opened_before_the_change_can_still_be_sent(installation: Installation) -> None:
    async with installation.started("old") as world:
        _, _, address = await filled(world)
    async with installation.started("new", "old") as world:
        assert (await send(world, address)).status_code == 303


async def test_what_was_stopped_goes_on_where_it_was(installation: Installation, database: Database) -> None:
    async with installation.started("old") as world:
        await filled(world)
    both = installation.sealer("new", "old")
    before = await left(database, both)
    async for _ in reseal(database, both, batch=1):
        break
    assert await left(database, both) == before - 1
    await resealed(database, both)
    assert await left(database, both) == 0


async def test_the_old_key_opens_nothing_any_more(installation: Installation, database: Database) -> None:
    async with installation.started("old") as world:
        await filled(world)
    await resealed(database, installation.sealer("new", "old"))
    with pytest.raises(SettingsError, match="Put back the sealing key"):
        async with installation.started("old"):
            pass
    old = installation.sealer("old").key_id
    for place in SEALED:
        async with database.read() as connection:
            rows = (await connection.execute(select(*(place.table.c[name] for name in place.columns)))).all()
        assert not any(value and bytes(value).startswith(old) for row in rows for value in row), place.table.name


def test_every_sealed_column_is_known() -> None:
    columns = {
        (table.name, column.name)
        for table in IDENTITY.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed")
    }
    assert {(place.table.name, name) for place in SEALED for name in place.columns} == columns


def test_the_command_says_what_is_done_and_what_comes_next(tmp_path: Path) -> None:
    for name in ("old", "new", "digest"):
        make_key(tmp_path / f"{name}.key")
    settings = {
        "SSO_DATABASE__URL": f"sqlite:///{tmp_path / 'sso.db'}",
        "SSO_KEYS__SEALING_FILE": str(tmp_path / "new.key"),
    }
    assert sso("migrate", **settings).code == 0
    refused = sso("keys", "reseal", **settings)
    assert (refused.code, "SSO_KEYS__OTHER_SEALING_FILE" in refused.err) == (2, True)
    settings["SSO_KEYS__OTHER_SEALING_FILE"] = str(tmp_path / "old.key")
    assert "take SSO_KEYS__OTHER_SEALING_FILE out" in sso("keys", "reseal", **settings).out
