"""Key sets in the database: one of all instances fetches, who comes late writes nothing, and a key has one owner."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from common.errors import JwksUriRejected, KeyRejected, Unavailable
from common.sql import Database
from keys.key_sets.service import COOLDOWN, MAX_STALENESS, RETRY
from keys.partners import MAX_KEYS
from keys.remote import MAX_AGE, SystemResolver
from schemas.identifiers import CompanyId
from services.key_sets import refreshing_key_sets
from tests.support.databases import kept_company
from tests.support.key_instances import Instance, keys, put
from tests.support.key_server import KeyServer, answer, endlessly, key_set, open_key_server
from tests.support.races import at_once


@pytest.fixture
async def second(instance: Instance) -> AsyncIterator[Instance]:
    """Another instance, with connections of its own."""
    database = Database(instance.database.url)
    yield Instance(database, instance.clock)
    await database.close()


async def test_of_two_instances_one_fetches_a_set_that_is_due(
    instance: Instance, second: Instance, company: CompanyId, server: KeyServer
) -> None:
    old, new = keys(2)
    await put(instance, company, server, old)
    server.answers = key_set(old, new)
    instance.clock.forward(seconds=MAX_AGE)
    both = (instance, second)
    await at_once(10, lambda number: both[number % 2].sets.refresh_due())
    assert len(server.asked) == 1
    for one in both:
        assert await one.published(company) == {old.kid: old.kid, new.kid: new.kid}


async def test_a_set_is_not_read_again_before_it_is_due(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    (key,) = keys(1)
    server.answers = key_set(key, Cache_Control="max-age=600")
    await instance.sets.put(company, server.uri)
    instance.clock.forward(seconds=600 * 0.9 - 1)
    await instance.sets.refresh_due()
    assert len(server.asked) == 1
    instance.clock.forward(seconds=600 * 0.1 + 1)
    await instance.sets.refresh_due()
    await instance.sets.refresh_due()
    assert len(server.asked) == 2


async def test_a_thousand_tokens_with_unknown_keys_cause_one_fetch_a_minute(
    instance: Instance, second: Instance, company: CompanyId, server: KeyServer
) -> None:
    (key,) = keys(1)
    await put(instance, company, server, key)
    both = (instance, second)
    for fetches in (0, 1, 2):  # just after the company's own fetch none, then one for each minute
        for _ in range(4):
            await asyncio.gather(*(both[number % 2].sets.wanted(company) for number in range(250)))
            await asyncio.gather(*(one.sets.refresh_due() for one in both))
        assert len(server.asked) == fetches
        instance.clock.forward(seconds=COOLDOWN.total_seconds())


async def test_who_has_no_set_has_none_fetched(instance: Instance, company: CompanyId, server: KeyServer) -> None:
    await instance.sets.wanted(company)
    await instance.sets.refresh_due()
    assert server.asked == []


async def test_an_instance_that_ends_while_it_fetches_leaves_the_set_to_the_others(
    instance: Instance, second: Instance, company: CompanyId, server: KeyServer
) -> None:
    (key,) = keys(1)
    await put(instance, company, server, key)
    instance.clock.forward(seconds=MAX_AGE)
    server.answers = endlessly(b"", b"", 0.05)
    server.arrived.clear()
    fetching = asyncio.ensure_future(instance.sets.refresh_due())
    await server.arrived.wait()
    fetching.cancel()
    await asyncio.gather(fetching, return_exceptions=True)
    server.answers = key_set(key)
    await second.sets.refresh_due()
    assert len(server.asked) == 1
    instance.clock.forward(seconds=COOLDOWN.total_seconds())
    await second.sets.refresh_due()
    assert len(server.asked) == 2


async def test_what_was_fetched_before_the_company_said_otherwise_comes_to_nothing(
    instance: Instance, second: Instance, company: CompanyId, server: KeyServer
) -> None:
    old, new = keys(2)
    await put(instance, company, server, old)
    instance.clock.forward(seconds=MAX_AGE)
    claimed = await instance.sets.store.claim(company, instance.clock(), instance.clock() + COOLDOWN)
    assert claimed is not None
    server.answers = key_set(new)
    await second.sets.put(company, server.uri)
    assert not await instance.sets.store.hold(claimed)
    await instance.sets.store.read(claimed, "status", [], instance.clock(), instance.clock())
    found = await second.sets.store.find(company)
    assert found is not None
    assert (found.failure, await second.published(company)) == (None, {new.kid: new.kid})


FAILURES = {
    "status": answer(b"", "500 Internal Server Error"),
    "redirect": answer(b"", "302 Found", Location="http://127.0.0.1:1/"),
    "malformed": answer(b"<html>"),
    "too_large": answer(b" " * 70_000),
    "packed": answer(b"x", Content_Encoding="gzip"),
    "no_keys": key_set(),
    "connection": answer(b"", Content_Length="9"),
}


@pytest.mark.parametrize("reason", FAILURES)
async def test_what_cannot_be_read_leaves_the_keys_as_they_were_and_is_told_once(
    instance: Instance, company: CompanyId, server: KeyServer, reason: str
) -> None:
    (key,) = keys(1)
    await put(instance, company, server, key)
    server.answers = FAILURES[reason]
    for _ in range(2):
        instance.clock.forward(seconds=MAX_AGE)
        await instance.sets.refresh_due()
    found, there = await instance.sets.show(company)
    assert (len(server.asked), found.failure, [one.kid for one in there]) == (2, reason, [key.kid])
    assert [one.fields for one in instance.audit.noted if one.type.name == "key_set.failed"] == [
        {"company_id": company, "rule": reason}
    ]
    server.answers = key_set(key)
    instance.clock.forward(seconds=RETRY.total_seconds())
    await instance.sets.refresh_due()
    assert (await instance.sets.show(company))[0].failure is None
    assert instance.audit.noted[-1].type.name == "key_set.fetched"


async def test_the_keys_of_a_set_that_cannot_be_read_for_a_week_count_no_longer(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    key, own = keys(2)
    await instance.upload(own, company)
    await put(instance, company, server, key)
    server.answers = FAILURES["status"]
    instance.clock.forward(days=1)
    await instance.sets.refresh_due()
    assert await instance.published(company) == {key.kid: key.kid}
    instance.clock.now += MAX_STALENESS
    await instance.sets.refresh_due()
    assert [one.kid for one in await instance.keys.current(company)] == [own.kid]
    server.answers = key_set(key)
    instance.clock.forward(seconds=RETRY.total_seconds())
    await instance.sets.refresh_due()
    assert await instance.published(company) == {key.kid: key.kid}


async def test_the_trouble_of_one_set_is_none_of_the_others(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    key, new = keys(2)
    async with open_key_server() as bad:
        await put(instance, other, bad, key)
        await put(instance, company, server, new)
        bad.answers = endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 4096)
        instance.clock.forward(seconds=MAX_AGE)
        await instance.sets.refresh_due()
    assert [(await instance.sets.show(one))[0].failure for one in (company, other)] == [None, "too_large"]


async def test_a_key_has_one_owner_whether_uploaded_or_published(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    uploaded, published, shared = keys(3)
    await instance.upload(uploaded, other)
    await put(instance, company, server, published)
    server.answers = key_set(published)
    with pytest.raises(JwksUriRejected) as caught:
        await instance.sets.put(other, server.uri)
    assert caught.value.skipped == ((0, "another_company"),)
    with pytest.raises(KeyRejected) as refused:
        await instance.upload(published, other)
    assert refused.value.reason == "another_company"
    server.answers = key_set(uploaded, shared)
    found, there = await instance.sets.put(company, server.uri)
    assert [(one.index, one.reason) for one in found.skipped] == [(0, "another_company")]
    assert [one.kid for one in there] == [shared.kid]
    assert [one.kid for one in await instance.keys.current(other)] == [uploaded.kid]


async def test_one_key_that_two_companies_publish_at_once_is_of_one_of_them(
    instance: Instance, second: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    (key,) = keys(1)
    server.answers = key_set(key)
    both = ((instance, company), (second, other))

    async def one(number: int) -> bool:
        mine, whose = both[number]
        try:
            await mine.sets.put(whose, server.uri)
        except (JwksUriRejected, Unavailable):  # the latter where the other's transaction had not ended
            return False
        return True

    assert sorted(await at_once(2, one)) == [False, True]
    (loser,) = [whose for whose in (company, other) if not await instance.published(whose)]
    with pytest.raises(JwksUriRejected) as caught:
        await instance.sets.put(loser, server.uri)
    assert caught.value.skipped == ((0, "another_company"),)


async def test_a_revoked_key_does_not_come_back_with_a_set(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    """Neither one that was uploaded, nor one that was only ever published: by its thumbprint, whatever it is called."""
    uploaded, published, good = keys(3)
    await instance.upload(uploaded, company)
    await put(instance, company, server, published, good)
    for key in (uploaded, published):
        await instance.keys.revoke(company, str(key.kid))
    assert await instance.published(company) == {good.kid: good.kid}
    renamed = [key.public_jwk() | {"kid": f"new-{index}"} for index, key in enumerate((uploaded, published))]
    server.answers = key_set(*renamed, good)
    found, there = await instance.sets.put(company, server.uri)
    assert [(one.index, one.reason) for one in found.skipped] == [(0, "revoked"), (1, "revoked")]
    assert [one.kid for one in there] == [good.kid]


async def test_a_company_has_five_uploaded_keys_and_five_published_ones(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    uploaded, published = keys(MAX_KEYS), keys(MAX_KEYS + 1)
    for key in uploaded:
        await instance.upload(key, company)
    server.answers = key_set(*published)
    found, there = await instance.sets.put(company, server.uri)
    assert [(one.index, one.reason) for one in found.skipped] == [(MAX_KEYS, "too_many")]
    assert {one.kid for one in there} == {key.kid for key in published[:MAX_KEYS]}
    assert len(await instance.keys.current(company)) == 2 * MAX_KEYS


async def test_a_key_can_be_both_and_then_ends_as_one_only_where_it_was_ended(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    first, then, other_key = keys(3)
    await put(instance, company, server, first, other_key)
    kept, new = await instance.upload(first, company)
    assert (new, kept.uploaded, kept.published_as) == (True, True, first.kid)
    assert (await instance.upload(first, company))[1] is False
    await instance.upload(then, company)
    server.answers = key_set(then, other_key)
    instance.clock.forward(seconds=MAX_AGE)
    await instance.sets.refresh_due()
    assert await instance.published(company) == {then.kid: then.kid, other_key.kid: other_key.kid}
    assert {one.kid for one in await instance.keys.current(company) if one.uploaded} == {first.kid, then.kid}
    await instance.sets.remove(company)
    assert {one.kid for one in await instance.keys.current(company)} == {first.kid, then.kid}


async def test_sets_that_were_read_together_come_apart(
    instance: Instance, company: CompanyId, empty_database: Database, server: KeyServer
) -> None:
    (key,) = keys(1)
    await put(instance, company, server, key)
    companies = [await kept_company(empty_database) for _ in range(20)]
    for one in companies:
        await put(instance, one, server, *keys(1))
    instance.clock.forward(seconds=900 * 0.95)
    due = await instance.sets.store.due(instance.clock(), 100)
    assert 0 < len(due) < len(companies) + 1


async def test_the_audit_says_which_keys_came_and_went(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    old, new = keys(2)
    await put(instance, company, server, old)
    instance.audit.noted.clear()
    server.answers = key_set(new, {"kty": "oct", "k": "AA"}, {"kty": "oct", "k": "AA"})
    instance.clock.now += timedelta(seconds=MAX_AGE)
    await instance.sets.refresh_due()
    whose = {"company_id": company}
    assert [(one.type.name, one.fields) for one in instance.audit.noted] == [
        ("key_set.fetched", whose | {"count": 1}),
        ("key.published", whose | {"kid": new.kid}),
        ("key.withdrawn", whose | {"kid": old.kid}),
        ("key_set.skipped", whose | {"rule": "symmetric", "count": 2}),
    ]
    instance.audit.noted.clear()
    instance.clock.now += timedelta(seconds=MAX_AGE)
    await instance.sets.refresh_due()
    assert instance.audit.noted == []


async def test_a_service_looks_for_sets_that_are_due_and_goes_on_after_a_look_that_failed(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    """The first look comes upon a fault of ours, which no look after it has to suffer for."""
    (key,) = keys(1)
    await put(instance, company, server, key)
    failed, resolve = asyncio.Event(), SystemResolver()

    async def faulty(host: str, port: int) -> Sequence[str]:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("a fault of ours")
        return await resolve(host, port)

    server.arrived.clear()
    instance.clock.forward(seconds=MAX_AGE)
    fetcher = replace(instance.sets.fetcher, resolve=faulty)
    async with refreshing_key_sets(replace(instance.sets, fetcher=fetcher)):
        async with asyncio.timeout(10):
            await failed.wait()
        instance.clock.forward(seconds=RETRY.total_seconds())
        async with asyncio.timeout(10):
            await server.arrived.wait()
