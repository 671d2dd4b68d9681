"""The migrations make the very tables that the code means, for each owner; simultaneous starts follow each other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, MetaData, inspect, text

from common.errors import SettingsError
from common.sql import Database
from services.databases import OWNERS, Databases, Owner, open_databases
from services.migrate import is_current, migrate
from tests.support.races import at_once


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


async def test_simultaneous_first_starts_follow_each_other(empty_database: Database) -> None:
    async with empty_database.transaction() as connection:
        for owner in OWNERS:
            await connection.run_sync(owner.tables.drop_all)
            await connection.execute(text(f"DROP TABLE {owner.version_table}"))
    assert [await is_current(empty_database, owner) for owner in OWNERS] == [False] * 3
    databases = Databases({owner.name: empty_database for owner in OWNERS})
    await at_once(4, lambda _: migrate(databases))
    assert [await is_current(empty_database, owner) for owner in OWNERS] == [True] * 3


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
