"""The sealing key is changed while the service works: nothing is lost, and the old key opens nothing any more."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from common.errors import SettingsError
from common.key_files import make_key
from common.sql import DOSSIER, IDENTITY, Database
from dossier.access import Ground, Reach
from dossier.groups.model import Asked
from dossier.groups.records.store_sql import SqlGroupDossiers, name_words
from schemas.groups import Person
from schemas.identifiers import CompanyId, GroupDossierId
from services.reseal import SEALED, left, places_of, reseal
from tests.scenarios.test_registration import send
from tests.support.bsns import fresh_bsn
from tests.support.command import sso
from tests.support.databases import emptied_postgresql
from tests.support.ehr import PROFESSIONAL
from tests.support.groups import create_dossier, create_group, listed, path_of
from tests.support.holders import a_row, for_readers_alone, until_waiting
from tests.support.resealing import Installation, damage, filled, resealed
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.world import World

on_postgresql = pytest.mark.parametrize("installation", ["postgresql"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer, postgres_server: PostgresServer
) -> Installation:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'sso.db'}" if sqlite else await emptied_postgresql(postgres_server)
    return Installation(tmp_path, url, redis_server.url)


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    opened = Database(installation.database_url)
    yield opened
    await opened.close()


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


async def test_dossiers_are_found_and_their_identifiers_are_unique_at_every_step(
    installation: Installation, database: Database
) -> None:
    names = [{"external_identifier": f"EPD-{number}"} for number in range(3)]

    async def as_it_should_be(world: World) -> None:
        company.client = world.client
        for name in names:
            again = await company.client.post(path_of(group), json={"dossier": name}, headers=company.bearer)
            assert again.json() == {"errors": {"external_identifier": ["taken"]}}
            assert len((await listed(company, group, **name)).json()["rows"]) == 1
        for query in ("zoe", "zoe van dijk"):
            assert len((await listed(company, name=query)).json()["rows"]) == 3

    async with installation.started("old", "new") as world:
        company = await world.company(alg="ES256")
        group = await create_group(company)
        for name in names:
            await create_dossier(company, group, name, firstname="Zoë", lastname="van Dijk")
        await as_it_should_be(world)
    both = installation.sealer("new", "old")
    async with installation.started("new", "old") as world:
        await as_it_should_be(world)
        async for _ in reseal(database, both, batch=1, places=places_of(DOSSIER)):
            await as_it_should_be(world)
        assert await left(database, both, places_of(DOSSIER)) == 0
        await resealed(database, both)
    async with installation.started("new") as world:
        await as_it_should_be(world)
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(name_words)) == 9  # of the new key alone


async def test_a_start_without_the_key_that_the_groups_are_sealed_with_is_refused(
    installation: Installation, database: Database
) -> None:
    async with installation.started("old") as world:
        await create_group(await world.company(alg="ES256"))
    both = installation.sealer("new", "old")
    async for _ in reseal(database, both, places=places_of(IDENTITY)):
        pass
    with pytest.raises(SettingsError, match="database of dossiers"):
        async with installation.started("new"):
            pass


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


async def test_a_dossier_whose_identifier_another_was_given_meanwhile_is_named_and_keeps_the_rest(
    installation: Installation, database: Database
) -> None:
    """Two processes that each have one key alone cannot see each other's identifiers."""
    async with installation.started("old") as world:
        company = await world.company(alg="ES256")
        group = await create_group(company)
        first = await create_dossier(company, group, {"external_identifier": "EPD-1"}, firstname="anna")
        within = Reach(CompanyId(UUID(company.company_id)), None, Ground.OWN_COMPANY)
        kept = await SqlGroupDossiers(database, installation.sealer("old")).page(within, Asked(), None, 1)
    other = replace(kept[0], dossier_id=GroupDossierId(uuid4()), person=Person(firstname="bea"))
    assert await SqlGroupDossiers(database, installation.sealer("new")).add(other)

    ended = await installation.command()
    assert (ended.code, "Everything is sealed" in ended.out) == (0, True)
    assert f"was given meanwhile: 1 (group_dossiers {first})." in ended.err
    async with installation.started("new") as world:
        company.client = world.client
        found = await listed(company, group, external_identifier="EPD-1")
        assert [row[0] for row in found.json()["rows"]] == [str(other.dossier_id)]
        assert [row[0] for row in (await listed(company, name="anna")).json()["rows"]] == [first]


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
        for table in (*IDENTITY.sorted_tables, *DOSSIER.sorted_tables)
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


async def test_where_services_run_apart_each_seals_what_is_its_own(
    installation: Installation, database: Database
) -> None:
    async with installation.started("old") as world:
        await filled(world)
    both = installation.sealer("new", "old")
    for owner, tables in (("DOSSIER", DOSSIER), ("IDENTITY", IDENTITY)):
        total, before = await left(database, both), await left(database, both, places_of(tables))
        ended = await installation.command(owner=owner)
        assert (ended.code, f"Rows to seal anew: {before} ({owner.lower()})." in ended.out) == (0, True)
        assert await left(database, both) == total - before
    assert await left(database, both) == 0


def test_without_the_key_that_is_replaced_there_is_nothing_to_do(tmp_path: Path) -> None:
    make_key(tmp_path / "new.key")
    ended = sso("keys", "reseal", SSO_DATABASE__URL="sqlite:///x.db", SSO_KEYS__SEALING_FILE=str(tmp_path / "new.key"))
    assert (ended.code, "SSO_KEYS__OTHER_SEALING_FILE" in ended.err) == (2, True)
