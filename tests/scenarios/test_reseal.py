"""The sealing key is changed while the service works: nothing is lost, and the old key opens nothing any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from common.errors import SettingsError
from common.key_files import make_key, read_key
from common.settings import KeySettings
from common.sql import IDENTITY, Database
from identity.patients.store_sql import patients
from keys.sealing import Sealer
from services.reseal import SEALED, left, reseal
from tests.scenarios.test_registration import send
from tests.support.bsns import fresh_bsn
from tests.support.command import Ended, sso
from tests.support.ehr import PROFESSIONAL
from tests.support.holders import a_row, for_readers_alone, until_waiting
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.world import PAGE, Company, World, open_world

PATIENT = {"lastName": "Jansen"}
NAMES = ("sealed_first_name", "sealed_last_name")
on_postgresql = pytest.mark.parametrize("installation", ["postgresql"], indirect=True)


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

    async def command(self, sealing: str = "new", other: str = "old") -> Ended:
        """Run `sso keys reseal` beside the service."""
        settings = {
            "SSO_DATABASE__URL": self.database_url,
            "SSO_KEYS__SEALING_FILE": str(self.file(sealing)),
            "SSO_KEYS__OTHER_SEALING_FILE": str(self.file(other)),
        }
        return await asyncio.to_thread(sso, "keys", "reseal", **settings)

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
        assert (await send(world, address)).status_code == 401  # the code in its address was made with the old one


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


async def test_the_service_launches_while_it_is_resealed(installation: Installation, database: Database) -> None:
    async with installation.started("old") as world:
        company, _, _ = await filled(world)
    async with installation.started("new", "old") as world:
        company.client = world.client
        both, statuses = installation.sealer("new", "old"), []
        async for batch in reseal(database, both, batch=1):
            bsn, name = fresh_bsn(), PROFESSIONAL | {"firstname": batch.table}
            for known, told in enumerate((name, PROFESSIONAL)):  # a new professional, and one of before
                claims = world.claims(company, sub=f"{bsn} {known}", profInfo=told, patientInfo={"bsn": bsn})
                answer = await company.launch(company.ehr.sign(claims))
                statuses.append(answer.json()["professional"]["status"])
        assert len(statuses) > 2 * len(SEALED)
        assert set(statuses[1::2]) == {"matched"}
        assert await left(database, both) == 0


async def test_what_no_key_opens_is_named_and_stops_nothing(installation: Installation, database: Database) -> None:
    async with installation.started("old") as world:
        await filled(world)
    both = installation.sealer("new", "old")
    spoilt, before = await damage(database, installation.sealer("old")), await left(database, both)
    batches = [batch async for batch in reseal(database, both, batch=1)]
    assert [name for batch in batches for name in batch.damaged] == spoilt
    assert sum(batch.done for batch in batches) == before - len(spoilt)
    assert {batch.table for batch in batches if batch.done} == {place.table.name for place in SEALED}
    assert await left(database, both) == len(spoilt)


async def test_the_command_does_not_say_that_it_is_done_while_a_row_is_damaged(
    installation: Installation, database: Database
) -> None:
    async with installation.started("old"):
        spoilt = await damage(database, installation.sealer("old"))
    ended = await installation.command()
    assert (ended.code, "Everything" in ended.out) == (1, False)
    assert f"Rows that neither key opens: 3 ({', '.join(spoilt)})." in ended.err
    assert "still seals" not in ended.err


@on_postgresql
async def test_a_row_that_is_being_changed_is_not_waited_for_but_counted(
    installation: Installation, database: Database
) -> None:
    """So this and the purge of sessions, which takes many rows in any order, can never wait for each other."""
    async with installation.started("old") as world:
        await filled(world)
    both = installation.sealer("new", "old")
    async with a_row(installation.database_url, "sessions"):
        await resealed(database, both)
    assert await left(database, both) == 1
    await resealed(database, both)
    assert await left(database, both) == 0


@on_postgresql
async def test_what_a_process_on_old_settings_seals_meanwhile_is_counted(
    installation: Installation, database: Database
) -> None:
    async with installation.started("old", "new") as world:
        company, _, _ = await filled(world)
        async with for_readers_alone(installation.database_url, "patients") as looking:  # launches are done by then
            command = asyncio.create_task(installation.command())
            await until_waiting(looking)
            assert (await company.launch_in_browser(company.ehr.sign(world.claims(company)))).status_code == 303
        ended = await command
    assert (ended.code, "Everything" in ended.out) == (1, False)
    both = installation.sealer("new", "old")
    assert f"Rows not sealed with {installation.file('new')} yet: {await left(database, both)}." in ended.err
    assert "a process still seals with another key" in ended.err
    assert (await installation.command()).code == 0
    assert await left(database, both) == 0


@on_postgresql
async def test_the_command_has_all_the_time_that_a_large_table_takes(installation: Installation) -> None:
    async with installation.started("old"):
        pass
    async with for_readers_alone(installation.database_url, "patients") as looking:
        command = asyncio.create_task(installation.command())
        await until_waiting(looking, seconds=2.5)  # the service gives a statement up after two
    assert (await command).code == 0


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


async def test_one_key_as_both_is_no_change_and_is_refused_at_the_start(installation: Installation) -> None:
    with pytest.raises(SettingsError, match="are the same"):
        async with installation.started("old", "old"):
            pass


def test_every_sealed_column_is_known() -> None:
    columns = {
        (table.name, column.name)
        for table in IDENTITY.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed")
    }
    assert {(place.table.name, name) for place in SEALED for name in place.columns} == columns


async def test_the_command_says_which_key_stays_and_which_one_goes(installation: Installation) -> None:
    async with installation.started("old") as world:
        await filled(world)
    old, new = installation.file("old"), installation.file("new")
    for sealing, other in ((new, old), (old, new)):  # and back, as a process on the old settings would
        said = (await installation.command(sealing.stem, other.stem)).out.splitlines()
        assert said[0].startswith(f"Sealing with {sealing} what {other} sealed. ")
        goes = f"take SSO_KEYS__OTHER_SEALING_FILE ({other}) out, and restart."
        assert said[-1] == f"Everything is sealed with {sealing}: {goes}"


def test_without_the_key_that_is_replaced_there_is_nothing_to_do(tmp_path: Path) -> None:
    make_key(tmp_path / "new.key")
    ended = sso("keys", "reseal", SSO_DATABASE__URL="sqlite:///x.db", SSO_KEYS__SEALING_FILE=str(tmp_path / "new.key"))
    assert (ended.code, "SSO_KEYS__OTHER_SEALING_FILE" in ended.err) == (2, True)
