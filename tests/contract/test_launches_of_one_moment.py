"""What launches of one moment write is one statement, and each of them is kept or refused as if it were alone."""

import asyncio
from contextvars import Context
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.errors import TokenReplayed, Unavailable
from common.sql import Database
from identity.professionals.accounts import Professionals
from identity.professionals.store_sql import SqlAccounts
from identity.relationships.service import Relationships
from identity.relationships.store_sql import SqlAdministration, SqlRelationships, members
from keys.sealing import KEY_BYTES, Sealer
from schemas.facts import Relationship, RelationshipEnded
from schemas.identifiers import AccountId, CompanyId, LaunchId, Pseudoniem
from sso.launch.flow import Launch
from sso.launch.store_sql import SqlLaunches
from tests.contract.test_identity_stores import somebody
from tests.support.databases import kept_company, open_migrated
from tests.support.memory import REGISTERED as NOW
from tests.support.races import at_once
from tests.support.servers.postgres_server import PostgresServer

SEALER = Sealer(bytes(KEY_BYTES))
LATER = NOW + timedelta(minutes=1)


async def treated(database: Database, company: CompanyId, *names: str) -> tuple[AccountId, list[Relationship]]:
    """Return an account of the company that is in a treatment relationship of each of these names."""
    account_id = (await Professionals(SqlAccounts(database, SEALER)).admit(company, "one", somebody(), NOW)).account_id
    assert account_id is not None
    service, patient = Relationships(SqlRelationships(database)), Pseudoniem(uuid4())
    joined = [await service.join(company, name, patient, account_id, NOW) for name in names]
    return account_id, [one for one in joined if one is not None]


async def test_a_replay_is_refused_and_those_of_its_moment_are_kept(database: Database) -> None:
    store, company = SqlLaunches(database, SEALER), await kept_company(database)
    tokens = ["a", "b", "spent", "c", "twice", "twice", "d"]
    launches = [
        Launch(LaunchId(uuid4()), company, None, "u1", "registration_required", None, None, NOW) for _ in tokens
    ]
    await store.spend(company, sha256(b"spent").digest(), LaunchId(uuid4()), NOW)

    async def launch(number: int) -> bool:
        launch_id, jti_digest = launches[number].launch_id, sha256(tokens[number].encode()).digest()
        try:
            async with database.unit_of_work():
                await store.spend(company, jti_digest, launch_id, NOW)
                await store.add(launches[number])
        except TokenReplayed:
            return False
        return True

    accepted = await at_once(len(tokens), launch)
    assert [token for token, yes in zip(tokens, accepted, strict=True) if yes] == ["a", "b", "c", "twice", "d"]
    assert [await store.find(one.launch_id) is not None for one in launches] == accepted


async def test_who_joins_a_relationship_twice_in_one_moment_is_in_it_once(database: Database) -> None:
    company, store = await kept_company(database), SqlRelationships(database)
    account_id, [one] = await treated(database, company, "1532")
    times = [NOW, LATER, NOW]
    await at_once(3, lambda number: store.join(one.relationship_id, account_id, times[number]))
    await store.join(one.relationship_id, account_id, NOW)  # what waited longest is the latest no more
    async with database.read() as connection:
        joined = select(members.c.joined_at).where(members.c.relationship_id == one.relationship_id)
        assert list(await connection.scalars(joined)) == [LATER]


async def test_a_relationship_that_was_found_and_has_ended_since_is_looked_for_anew(database: Database) -> None:
    company, service = await kept_company(database), Relationships(SqlRelationships(database))
    account_id, [one, other] = await treated(database, company, "one", "other")
    found = [await service.possible(company, name, one.pseudoniem, names_patient=True) for name in ("one", "other")]
    assert found == [one, other]
    await SqlAdministration(database).end(company, "one")

    async def join(number: int) -> bool:
        name, known = (one, other)[number].external_id, found[number]
        try:
            return await service.join(company, name, one.pseudoniem, account_id, LATER, known) == known
        except RelationshipEnded:
            return False

    assert await at_once(2, join) == [False, True]


async def test_launches_that_end_in_a_deadlock_with_another_are_kept_after_it(postgres_server: PostgresServer) -> None:
    async with open_migrated(await postgres_server.create_database()) as database:
        company = await kept_company(database)
        account_id, relationships = await treated(database, company, "one", "other")
        first, last = sorted(one.relationship_id for one in relationships)
        updating, store = update(members).values(joined_at=NOW), SqlRelationships(database)
        async with database.transaction() as other:
            await other.execute(text("SET LOCAL deadlock_timeout = '10s'"))  # whoever looks first gives way
            await other.execute(updating.where(members.c.relationship_id == last))
            # In a context of their own: else they would be part of the transaction of this task.
            both = at_once(2, lambda number: store.join((last, first)[number], account_id, LATER))
            joining = asyncio.create_task(both, context=Context())
            await _until_somebody_waits_for(other)
            await other.execute(updating.where(members.c.relationship_id == first))
        await joining
        async with database.read() as connection:
            assert list(await connection.scalars(select(members.c.joined_at))) == [LATER, LATER]


async def test_who_holds_a_row_costs_nobody_but_those_who_want_it(postgres_server: PostgresServer) -> None:
    """And what was refused is not kept later, when the row is free."""
    async with open_migrated(await postgres_server.create_database()) as database:
        account_id, [held] = await treated(database, await kept_company(database), "held")
        other_account, [free] = await treated(database, await kept_company(database), "free")
        store = SqlRelationships(database)
        wanted = [(held, account_id), (free, other_account)]

        async def join(number: int) -> bool:
            relationship, who = wanted[number]
            try:
                await store.join(relationship.relationship_id, who, LATER)
            except Unavailable:
                return False
            return True

        async with database.transaction() as holder:
            this = members.c.relationship_id == held.relationship_id
            await holder.execute(select(members).where(this).with_for_update())
            assert await asyncio.create_task(at_once(2, join), context=Context()) == [False, True]
        async with database.read() as connection:
            assert sorted(await connection.scalars(select(members.c.joined_at))) == [NOW, LATER]
            waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            assert await connection.scalar(waiting) == 0


async def test_ending_a_relationship_waits_for_launches_and_they_for_it_but_not_both(
    postgres_server: PostgresServer,
) -> None:
    async with open_migrated(await postgres_server.create_database()) as database:
        company = await kept_company(database)
        account_id, [one] = await treated(database, company, "one")
        newcomer = (
            await Professionals(SqlAccounts(database, SEALER)).admit(company, "two", somebody(), NOW)
        ).account_id
        assert newcomer is not None
        store = SqlRelationships(database)

        async def step(number: int) -> bool:
            try:
                if number == 0:
                    await SqlAdministration(database).end(company, "one")
                else:
                    await store.join(one.relationship_id, (account_id, newcomer)[number % 2], LATER)
            except RelationshipEnded:
                return False
            return True

        assert (await at_once(9, step))[0]
        async with database.read() as connection:
            assert list(await connection.scalars(select(members.c.account_id))) == []


async def _until_somebody_waits_for(connection: AsyncConnection) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
    async with asyncio.timeout(5):
        while not await connection.scalar(waiting):
            pass
