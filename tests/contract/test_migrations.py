"""The migrations make the very tables that the code means, for each owner; simultaneous starts follow each other."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, MetaData, Uuid, bindparam, inspect, text

from common.errors import NotAuthenticated, SettingsError
from common.sql import Database, UtcDateTime
from dossier.model import Choice, ChoiceOutcome, Consent, Dossier, Seen, Shown
from dossier.store_sql import SqlDossiers
from identity.companies.store_sql import SqlCompanies, companies
from identity.relationships.service import Relationships
from identity.relationships.store_sql import SqlAdministration, SqlRelationships
from keys.ring import Purpose
from keys.sealing import KEY_BYTES, Sealer
from keys.store_sql import SqlSigningKeys
from schemas.identifiers import CompanyId, DossierId, LaunchId, Pseudoniem
from services.databases import DOSSIER_OWNER, IDENTITY_OWNER, OWNERS, Databases, Owner, open_databases
from services.migrate import migrate
from services.schema import is_current, newest
from sso.issuer.clients import make_secret, secret_digest
from sso.launch.store_sql import SqlLaunches
from tests.support.clock import SetClock
from tests.support.databases import migrate_to
from tests.support.memory import MemorySigningKeys
from tests.support.own_keys import keeper_of, sealed_key, signing_kid
from tests.support.races import at_once
from tests.support.servers.postgres_server import PostgresServer


def differences(connection: Connection, owner: Owner) -> list[Any]:
    """Return what Alembic would write as the owner's next migration."""

    def own(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
        return kind != "table" or name in owner.tables.tables

    options: Mapping[str, Any] = {
        "version_table": owner.version_table, "include_object": own, "compare_type": True, "render_as_batch": True
    }  # fmt: skip
    return list(compare_metadata(MigrationContext.configure(connection, opts=dict(options)), owner.tables))


def checks(connection: Connection, tables: MetaData) -> tuple[set[str], set[str]]:
    """Return the names of the CHECK constraints that the code means, and of those that are there."""
    meant = {
        str(constraint.name)
        for table in tables.tables.values()
        for constraint in (*table.constraints, *(own for column in table.columns for own in column.constraints))
        if isinstance(constraint, CheckConstraint)
    }
    inspector = inspect(connection)
    there = {str(check["name"]) for table in tables.tables for check in inspector.get_check_constraints(table)}
    return meant, there


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.name)
def test_the_newest_revision_is_known_by_the_name_of_its_file(owner: Owner) -> None:
    history = ScriptDirectory(str(owner.history), version_locations=[str(owner.history)])
    assert newest(owner) == history.get_current_head()


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.name)
async def test_the_newest_revision_has_the_tables_that_the_code_means(database: Database, owner: Owner) -> None:
    assert owner.tables.tables
    async with database.transaction() as connection:
        assert await connection.run_sync(differences, owner) == []
        meant, there = await connection.run_sync(checks, owner.tables)
    assert meant == there


async def test_every_table_belongs_to_one_owner_and_no_other_table_is_there(database: Database) -> None:
    meant = [table for owner in OWNERS for table in (*owner.tables.tables, owner.version_table)]
    async with database.transaction() as connection:
        there = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert sorted(there) == sorted(meant)


async def test_migrating_what_is_at_the_newest_revision_changes_nothing(database: Database) -> None:
    await migrate(Databases({owner.name: database for owner in OWNERS}))
    assert [await is_current(database, owner) for owner in OWNERS] == [True] * 3


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_simultaneous_first_starts_follow_each_other(
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    new = Database(f"sqlite:///{tmp_path / 'sso.db'}" if kind == "sqlite" else await postgres_server.create_database())
    databases = Databases({owner.name: new for owner in OWNERS})
    try:
        assert [await is_current(new, owner) for owner in OWNERS] == [False] * 3
        await at_once(4, lambda _: migrate(databases))
        assert [await is_current(new, owner) for owner in OWNERS] == [True] * 3
    finally:
        await databases.close()


async def test_each_owner_can_have_a_database_of_its_own(tmp_path: Path) -> None:
    databases = open_databases({owner.name: f"sqlite:///{tmp_path / owner.name}.db" for owner in OWNERS})
    await migrate(databases)
    for owner in OWNERS:
        async with databases.by_owner[owner.name].transaction() as connection:
            there = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert sorted(there) == sorted([*owner.tables.tables, owner.version_table])
    await databases.close()


async def test_a_file_that_is_no_database_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "sso.db").write_bytes(b"not a database, and longer than its header would be" * 10)
    databases = open_databases({owner.name: f"sqlite:///{tmp_path / 'sso.db'}" for owner in OWNERS})
    with pytest.raises(SettingsError, match="cannot be used"):
        await migrate(databases)
    await databases.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_launch_that_was_made_before_relationships_could_end_goes_on(
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    history = ScriptDirectory(str(IDENTITY_OWNER.history), version_locations=[str(IDENTITY_OWNER.history)])
    (before,) = [one.down_revision for one in history.walk_revisions() if one.path.endswith("_relationships.py")]
    url = f"sqlite:///{tmp_path / 'sso.db'}" if kind == "sqlite" else await postgres_server.create_database()
    databases = open_databases({IDENTITY_OWNER.name: url})
    try:
        await migrate_to(databases.identity, IDENTITY_OWNER, str(before))
        relationships = Relationships(SqlRelationships(databases.identity))
        company, patient, now = CompanyId(uuid4()), Pseudoniem(uuid4()), SetClock()()
        registered = {"company_id": company, "name": "De Linde", "status": "active", "registered_at": now}
        async with databases.identity.transaction() as connection:
            await connection.execute(companies.insert().values(registered))
        for name in ("1532", "1533"):
            await relationships.join(company, name, patient, None, now)
        launch = LaunchId(uuid4())
        row = {"launch": launch, "company": company, "patient": patient, "at": now}
        kept = text(
            "INSERT INTO launches (launch_id, company_id, sub, status, pseudoniem, treatment_relationship_id,"
            " launched_at) VALUES (:launch, :company, 'u1', 'registration_required', :patient, '1532', :at)"
        ).bindparams(
            *(bindparam(name, type_=Uuid()) for name in row if name != "at"), bindparam("at", type_=UtcDateTime())
        )
        async with databases.identity.transaction() as connection:
            await connection.execute(kept, row)
        await migrate(databases)
        launches = SqlLaunches(databases.identity, Sealer(bytes(KEY_BYTES)))
        assert await launches.patient_of(launch) == patient
        await SqlAdministration(databases.identity).end(company, "1532")
        with pytest.raises(NotAuthenticated):
            await launches.patient_of(launch)
    finally:
        await databases.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_key_that_was_made_before_keys_had_times_signs_on_from_the_time_of_its_making(
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    clock = SetClock()
    made, made_at = MemorySigningKeys(), clock()
    kid = signing_kid(await keeper_of(made, clock).open(Purpose.ACCESS), made_at)
    url = f"sqlite:///{tmp_path / 'sso.db'}" if kind == "sqlite" else await postgres_server.create_database()
    databases = open_databases({IDENTITY_OWNER.name: url})
    try:
        await migrate_to(databases.identity, IDENTITY_OWNER, "0002")
        row = {"kid": kid, "sealed": made.kept[kid].sealed, "made_at": made_at}
        insert = text("INSERT INTO signing_keys VALUES (:kid, 'access', 1, :sealed, :made_at)")
        async with databases.identity.transaction() as connection:
            await connection.execute(insert.bindparams(bindparam("made_at", type_=UtcDateTime)), row)
        await migrate(databases)

        store = SqlSigningKeys(databases.identity)
        assert await store.all(Purpose.ACCESS) == list(made.kept.values())
        clock.forward(days=200)
        ring = await keeper_of(store, clock).open(Purpose.ACCESS)
        assert signing_kid(ring, clock()) == kid
        assert [key.plan.generation for key in await store.all(Purpose.ACCESS)] == [2, 1]
        assert not await store.append(sealed_key("x", 2, made_at))  # the constraint is there as before
    finally:
        await databases.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_secrets_that_were_made_before_they_had_names_count_on_and_so_do_those_of_the_version_before(
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    clock = SetClock()
    url = f"sqlite:///{tmp_path / 'sso.db'}" if kind == "sqlite" else await postgres_server.create_database()
    databases = open_databases({IDENTITY_OWNER.name: url})
    company = text(
        "INSERT INTO companies (company_id, name, status, registered_at) VALUES (:id, 'De Linde', 'active', :at)"
    )
    secret = text("INSERT INTO company_secrets (digest, company_id, created_at) VALUES (:digest, :id, :at)")
    typed = (bindparam("id", type_=Uuid()), bindparam("at", type_=UtcDateTime))
    digests = {CompanyId(uuid4()): secret_digest(make_secret()) for _ in range(3)}

    async def keep(*company_ids: CompanyId) -> None:
        async with databases.identity.transaction() as connection:
            for company_id in company_ids:
                row = {"id": company_id, "at": clock(), "digest": digests[company_id]}
                await connection.execute(company.bindparams(*typed), {"id": row["id"], "at": row["at"]})
                await connection.execute(secret.bindparams(*typed), row)

    try:
        await migrate_to(databases.identity, IDENTITY_OWNER, "0005")
        *before, after = digests
        await keep(*before)
        await migrate(databases)
        await keep(after)  # as a process of the version before does that still runs

        store, names = SqlCompanies(databases.identity), set()
        for company_id, digest in digests.items():
            found = await store.with_secrets(company_id, clock() + timedelta(days=36500))
            assert found is not None
            [kept] = found[1]
            assert (kept.digest, kept.created_at, kept.label, kept.last_used_at) == (digest, clock(), None, None)
            names.add(kept.secret_id)
        assert len(names) == 3
    finally:
        await databases.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_choices_that_were_made_before_texts_were_kept_count_on_and_so_do_those_of_the_version_before(
    kind: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = f"sqlite:///{tmp_path / 'sso.db'}" if kind == "sqlite" else await postgres_server.create_database()
    databases = open_databases({DOSSIER_OWNER.name: url})
    made = Dossier(DossierId(uuid4()), CompanyId(uuid4()), Pseudoniem(uuid4()), SetClock()())
    consent = text(
        "INSERT INTO consents (dossier_id, number, choice, chosen_at, chosen_by)"
        " VALUES (:dossier, :number, :choice, :at, :patient)"
    ).bindparams(
        *(bindparam(name, type_=Uuid()) for name in ("dossier", "patient")), bindparam("at", type_=UtcDateTime)
    )

    async def keep(number: int, choice: str) -> None:
        row = {"dossier": made.dossier_id, "patient": made.pseudoniem, "at": made.created_at}
        async with databases.dossier.transaction() as connection:
            await connection.execute(consent, {**row, "number": number, "choice": choice})

    try:
        store = SqlDossiers(databases.dossier)
        await migrate_to(databases.dossier, DOSSIER_OWNER, "0003")
        await store.add(made)
        await keep(1, "approved")
        await migrate(databases)
        await keep(2, "declined")  # as a process of the version before does that still runs
        [found] = await store.of_patient(made.pseudoniem)
        assert [(one.consent.choice, one.shown) for one in found.history] == [("declined", None), ("approved", None)]
        seen = Seen(2, Shown("nl", "Als u …"))
        chosen = Consent(Choice.APPROVED, made.created_at, made.pseudoniem)
        assert await store.choose(made.dossier_id, chosen, seen) is ChoiceOutcome.KEPT
        [found] = await store.of_patient(made.pseudoniem)
        assert [one.shown for one in found.history] == [seen.shown, None, None]
    finally:
        await databases.close()
