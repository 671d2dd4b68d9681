"""The digest key is changed while old and new processes work side by side: no person ever gets two pseudoniemen."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from common.errors import SettingsError, Unavailable
from common.key_files import make_key, read_key
from common.sql import Database
from identity.pseudoniem.digest import KEY_BYTES, DigestKey
from identity.pseudoniem.rekey import Keyed, rekey, retire
from identity.pseudoniem.store_sql import SqlPseudoniemen, pseudoniemen
from identity.pseudoniem.versions import recognised
from schemas.base import Rules
from schemas.identifiers import Bsn, Pseudoniem
from tests.support.bsns import fresh_bsn
from tests.support.command import Ended, sso
from tests.support.databases import open_migrated, pseudoniemen_of
from tests.support.memory import REGISTERED as NOW
from tests.support.races import at_once

OLD, NEW, FOREIGN = (DigestKey(bytes([number]) * KEY_BYTES) for number in range(3))
NEAR = range(1, 40)
"""Prefixes whose BSNs these tests try, in place of all."""


def near(count: int) -> list[Bsn]:
    """Return BSNs that are found among NEAR."""
    return [Bsn(f"{prefix:08d}{_ninth(prefix)}") for prefix in NEAR if _ninth(prefix) < 10][:count]


def _ninth(prefix: int) -> int:
    return sum((9 - place) * int(digit) for place, digit in enumerate(f"{prefix:08d}")) % 11


async def rekeyed(database: Database) -> int:
    """Look everybody up among NEAR; return how many were found."""
    found = 0
    async for progress in rekey(SqlPseudoniemen(database), Keyed(1, OLD), Keyed(2, NEW), NEAR):
        found = progress.found
    return found


async def rows(database: Database) -> Mapping[int, int]:
    """Return how many rows each version has."""
    query = select(pseudoniemen.c.key_version, func.count().label("people")).group_by(pseudoniemen.c.key_version)
    async with database.read() as connection:
        return {row.key_version: row.people for row in await connection.execute(query)}


async def test_another_digest_key_stops_the_start(empty_database: Database) -> None:
    store = SqlPseudoniemen(empty_database)
    assert await at_once(10, lambda _: recognised(store, [OLD])) == [{1: OLD}] * 10
    with pytest.raises(SettingsError, match="digest key is not the one"):
        await recognised(store, [FOREIGN])
    with pytest.raises(SettingsError, match="digest key is not the one"):
        await recognised(store, [FOREIGN, NEW])
    assert await recognised(store, [OLD]) == {1: OLD}


async def test_a_second_key_gets_the_next_version_whichever_file_it_is_in(empty_database: Database) -> None:
    store = SqlPseudoniemen(empty_database)
    await recognised(store, [OLD])
    both = await at_once(10, lambda number: recognised(store, [OLD, NEW] if number % 2 else [NEW, OLD]))
    assert both == [{1: OLD, 2: NEW}] * 10
    assert await recognised(store, [OLD]) == {1: OLD}  # a process on the old settings starts again


async def test_the_new_key_alone_decides_nothing_before_the_old_one_is_retired(empty_database: Database) -> None:
    store = SqlPseudoniemen(empty_database)
    await recognised(store, [OLD])
    await recognised(store, [OLD, NEW])
    with pytest.raises(SettingsError, match="SSO_KEYS__OTHER_DIGEST_FILE"):
        await recognised(store, [NEW])


async def test_a_hundred_first_sights_at_old_and_new_processes_make_one_pseudoniem(empty_database: Database) -> None:
    old = await pseudoniemen_of(empty_database, OLD)
    new = await pseudoniemen_of(empty_database, NEW, OLD)
    bsn = Bsn(fresh_bsn())
    made = await at_once(100, lambda number: (old, new)[number % 2].make(bsn))
    assert len(set(made)) == 1
    assert {await process.find(bsn) for process in (old, new)} == set(made)


async def test_everybody_keeps_their_pseudoniem_when_the_key_is_changed(empty_database: Database) -> None:
    old, bsns = await pseudoniemen_of(empty_database, OLD), near(20)
    before = [await old.make(bsn) for bsn in bsns[:10]]
    both = await pseudoniemen_of(empty_database, NEW, OLD)
    assert await both.find_many(bsns[:10]) == before
    before += [await both.make(bsn) for bsn in bsns[10:]]
    assert await rows(empty_database) == {1: 20, 2: 10}
    assert await rekeyed(empty_database) == 10
    assert await rekeyed(empty_database) == 0
    store = SqlPseudoniemen(empty_database)
    assert await retire(store, 2, NOW) == 0
    assert await rows(empty_database) == {2: 20}
    new = await pseudoniemen_of(empty_database, NEW)
    for process in (both, new):
        assert await process.find_many(bsns) == before
    assert await retire(store, 2, NOW) == 0  # the command is run once more


async def test_a_process_that_has_the_retired_key_alone_makes_nobody(empty_database: Database) -> None:
    old, both = await pseudoniemen_of(empty_database, OLD), await pseudoniemen_of(empty_database, NEW, OLD)
    assert await retire(SqlPseudoniemen(empty_database), 2, NOW) == 0
    bsn = Bsn(fresh_bsn())
    with pytest.raises(Unavailable):
        await old.make(bsn)
    made = await both.make(bsn)
    for ask in (old.make, old.find):  # nobody unknown is really unknown to it
        with pytest.raises(Unavailable):
            await ask(bsn)
    assert await rows(empty_database) == {2: 1}
    assert await both.find(bsn) == made
    with pytest.raises(SettingsError):
        await recognised(SqlPseudoniemen(empty_database), [OLD])


async def test_a_key_that_was_tried_and_given_up_is_retired_with_the_old_one(empty_database: Database) -> None:
    store, bsn = SqlPseudoniemen(empty_database), near(1)[0]
    made = await (await pseudoniemen_of(empty_database, OLD)).make(bsn)
    await pseudoniemen_of(empty_database, OLD, FOREIGN)
    await pseudoniemen_of(empty_database, OLD, NEW)
    async for _ in rekey(store, Keyed(1, OLD), Keyed(3, NEW), NEAR):
        pass
    assert await retire(store, 3, NOW) == 0
    new = await pseudoniemen_of(empty_database, NEW)
    assert await new.find(bsn) == made
    assert await new.make(Bsn(fresh_bsn())) != made


async def test_who_is_erased_while_the_key_is_changed_does_not_come_back(empty_database: Database) -> None:
    store, (bsn, other) = SqlPseudoniemen(empty_database), near(2)
    both = await pseudoniemen_of(empty_database, OLD)
    erased, kept = await both.make(bsn), await both.make(other)
    both = await pseudoniemen_of(empty_database, OLD, NEW)
    assert set((await store.without(1, 2, 10)).values()) == {erased, kept}
    async with empty_database.transaction() as connection:
        await connection.execute(delete(pseudoniemen).where(pseudoniemen.c.pseudoniem == erased))
    await store.add(1, 2, {OLD.digest(one): NEW.digest(one) for one in (bsn, other)})
    assert await rows(empty_database) == {1: 1, 2: 1}
    assert await both.make(bsn) != erased
    assert await both.find(other) == kept


async def test_the_old_key_stays_while_somebody_has_no_row_under_the_new_one(empty_database: Database) -> None:
    """A process on the old settings made them; or they have no BSN that could be tried, as in the demo."""
    old, _ = await pseudoniemen_of(empty_database, OLD), await pseudoniemen_of(empty_database, NEW, OLD)
    found, never = near(1)[0], Bsn(fresh_bsn())
    for bsn in (found, never):
        await old.make(bsn)
    assert await rekeyed(empty_database) == 1
    assert await retire(SqlPseudoniemen(empty_database), 2, NOW) == 1
    assert await rows(empty_database) == {1: 2, 2: 1}
    await old.make(near(2)[1])


async def test_whoever_is_first_seen_while_the_old_key_is_retired_gets_one_pseudoniem(
    empty_database: Database,
) -> None:
    """An old process is refused, or comes before the retirement, which then does not take place."""
    old, both = await pseudoniemen_of(empty_database, OLD), await pseudoniemen_of(empty_database, NEW, OLD)
    store, bsns = SqlPseudoniemen(empty_database), near(12)

    async def act(number: int) -> Pseudoniem | None:
        if number == 17:
            await retire(store, 2, NOW)
            return None
        try:
            return await (old if number % 5 == 0 else both).make(bsns[number % 12])
        except Unavailable:
            return None

    made = await at_once(48, act)
    for place, bsn in enumerate(bsns):
        given = {one for number, one in enumerate(made) if number % 12 == place and one is not None}
        assert given == {await both.find(bsn)}


async def test_the_command_changes_the_key_and_can_be_run_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'sso.db'}"
    files = {name: tmp_path / f"{name}.key" for name in ("old", "new")}
    for file in files.values():
        make_key(file)
    old_key, new_key = (DigestKey(read_key(file)) for file in files.values())

    async def command(first: str, *other: str) -> Ended:
        settings = {"SSO_DATABASE__URL": url, "SSO_KEYS__DIGEST_FILE": str(files[first])}
        for name in other:
            settings["SSO_KEYS__OTHER_DIGEST_FILE"] = str(files[name])
        return await asyncio.to_thread(sso, "pseudoniem", "rekey", **settings)

    async with open_migrated(url) as database:
        old, bsns = await pseudoniemen_of(database, old_key), near(3)
        before = [await old.make(bsn) for bsn in bsns[:2]]
        early = await command("new", "old")
        assert (early.code, "No process has the new key yet" in early.err) == (2, True)
        await pseudoniemen_of(database, old_key, new_key)
        without, wrong = await command("new"), await command("old", "new")
        assert (without.code, "SSO_KEYS__OTHER_DIGEST_FILE" in without.err) == (2, True)
        assert (wrong.code, "change places" in wrong.err) == (2, True)
        done, again = [await command("new", "old") for _ in range(2)]
        assert (done.code, again.code, "2 patients found" in done.out) == (0, 0, True), (done, again)
        new = await pseudoniemen_of(database, new_key)
        assert await new.find_many(bsns[:2]) == before
        assert await new.make(bsns[2]) not in before


async def test_the_command_says_who_still_needs_the_old_key(tmp_path: Path) -> None:
    url, files = f"sqlite:///{tmp_path / 'sso.db'}", [tmp_path / "old.key", tmp_path / "new.key"]
    for file in files:
        make_key(file)
    settings = {"SSO_KEYS__OTHER_DIGEST_FILE": str(files[0]), "SSO_KEYS__DIGEST_FILE": str(files[1])}
    async with open_migrated(url) as database:
        keys = [DigestKey(read_key(file)) for file in files]
        old, _ = await pseudoniemen_of(database, keys[0]), await pseudoniemen_of(database, *keys)
        await old.make(Bsn("123456780", Rules(eleven_test=False)))
        with pytest.MonkeyPatch.context() as fewer:
            fewer.setattr("services.commands.pseudoniem.PREFIXES", NEAR)
            ended = await asyncio.to_thread(sso, "pseudoniem", "rekey", SSO_DATABASE__URL=url, **settings)
        assert (ended.code, "without a row under the new key: 1" in ended.err) == (1, True), ended
        assert await old.find(Bsn("123456780", Rules(eleven_test=False)))
